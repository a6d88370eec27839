# SPDX-License-Identifier: GPL-2.0
# bench.gnuplot - bars of instructions; data, out, type and work come with -e

if (type eq 'svg') {
	set terminal svg size 860,420 font 'sans,12' background rgb 'white'
} else {
	set terminal png size 860,420
}
set output out
set title (work eq 'pair' ? 'get and put, hot' : '100 puts, then 100 gets: a pair of them')
set ylabel 'instructions'
set yrange [0:*]
set offsets 0.6, 0.6, 20, 0
set style fill solid 0.7
set boxwidth 0.38
set xtics rotate by -30 noenhanced
set grid ytics
set key top left
plot data using ($0-0.2):2 with boxes linecolor rgb '#4477aa' title 'Linux 6.12', \
     data using ($0+0.2):3 with boxes linecolor rgb '#ccbb44' title 'Linux 7.3', \
     data using 0:(0):xtic(1) with points pointtype 0 notitle, \
     data using ($0-0.2):2:(sprintf('%.0f', $2)) with labels offset 0,0.7 notitle, \
     data using ($0+0.2):3:(sprintf('%.0f', $3)) with labels offset 0,0.7 notitle
