# SPDX-License-Identifier: GPL-2.0
#
# A pool over time, from the samples of pool_pressure.ko: ms, phase, cached, rebuilt, MiB
# free, MiB available.
# data: the file with these lines; out: the output file; name: of the pool;
# marks: words SECONDS PHASE, where each phase begins

set terminal svg size 1000,620 font "DejaVu Sans,14" background "white"
set output out

seconds(ms) = ms / 1000.0
stats data using 3 nooutput
most = STATS_max
stats data using 4 nooutput
most = STATS_max > most ? STATS_max : most
stats data using 1 nooutput
first = seconds(STATS_min)
last = seconds(STATS_max)

set title "Pool ".name offset 0,1.6
set xlabel "time (s)"
set ylabel "objects" textcolor rgb "#b03010"
set y2label "memory (MiB)" textcolor rgb "#205090"
set xrange [first:last > first ? last : first + 1]
set yrange [0:most * 1.2 + 1]
set y2range [0:*]
set ytics nomirror textcolor rgb "#b03010"
set y2tics nomirror textcolor rgb "#205090"
set grid xtics ytics back linetype 1 linewidth 1 linecolor rgb "#e4e4e4"
set border 11 linecolor rgb "#888888"
set tmargin 5
set key at graph 0.5, graph 1.08 center top horizontal width 1

do for [i = 1:words(marks):2] {
	t = real(word(marks, i))
	set arrow from t, graph 0 to t, graph 1 nohead dashtype 3 linecolor rgb "#888888"
	set label word(marks, i + 1) at t, graph 0.96 offset 0.5,0 textcolor rgb "#666666"
}

plot data using (seconds($1)):5 axes x1y2 with lines linewidth 2 linecolor rgb "#205090" title "memory free (MiB)", \
	'' using (seconds($1)):6 axes x1y2 with lines linewidth 2 dashtype 2 linecolor rgb "#70a0d0" title "memory available (MiB)", \
	'' using (seconds($1)):3 axes x1y1 with steps linewidth 3 linecolor rgb "#b03010" title "objects cached", \
	'' using (seconds($1)):4 axes x1y1 with steps linewidth 2 linecolor rgb "#e09030" title "objects rebuilt"
