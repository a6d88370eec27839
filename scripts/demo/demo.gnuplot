# SPDX-License-Identifier: GPL-2.0
#
# Cached objects and free memory over time, from the lines of zpress-melt.
# data: the file with these lines; out: the output file; type: png or svg

if (type eq "png") {
	set terminal pngcairo size 1000,620 font "DejaVu Sans,12" background "white"
} else {
	set terminal svg size 1000,620 font "DejaVu Sans,14" background "white"
}
set output out

seconds(ms) = ms / 1000.0
stats data using 4 nooutput
most_cached = STATS_max
stats data using 1 nooutput
last = seconds(STATS_max)
# The times at which eating begins and ends
begin = last
end = 0
stats data using (strcol(2) eq "eat" ? (begin = begin < $1 / 1000.0 ? begin : $1 / 1000.0, end = $1 / 1000.0) : 0) nooutput

set title "An idle syncpool frees its workspaces as a process eats the memory" offset 0,1.6
set xlabel "time (s)"
set ylabel "workspaces cached in the pool" textcolor rgb "#b03010"
set y2label "memory (MiB)" textcolor rgb "#205090"
set xrange [0:last]
set yrange [0:most_cached * 1.2]
set y2range [0:*]
set ytics nomirror textcolor rgb "#b03010"
set y2tics nomirror textcolor rgb "#205090"
set grid xtics ytics back linetype 1 linewidth 1 linecolor rgb "#e4e4e4"
set border 11 linecolor rgb "#888888"
set tmargin 5
set key at graph 0.5, graph 1.08 center top horizontal width 1
set arrow from begin, graph 0 to begin, graph 1 nohead dashtype 3 linecolor rgb "#888888"
set arrow from end, graph 0 to end, graph 1 nohead dashtype 3 linecolor rgb "#888888"
set label "eating begins" at begin, graph 0.96 offset 0.5,0 textcolor rgb "#666666"
set label "released" at end, graph 0.96 right offset -0.5,0 textcolor rgb "#666666"

plot data using (seconds($1)):5 axes x1y2 with lines linewidth 2 linecolor rgb "#205090" title "memory free (MiB)", \
	'' using (seconds($1)):3 axes x1y2 with lines linewidth 2 dashtype 2 linecolor rgb "#70a0d0" title "memory eaten (MiB)", \
	'' using (seconds($1)):4 axes x1y1 with steps linewidth 3 linecolor rgb "#b03010" title "workspaces cached"
