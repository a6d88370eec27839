# SPDX-License-Identifier: GPL-2.0
# bench.gnuplot - bars of instructions; data, out, type and work come with -e

if (type eq 'svg') {
	set terminal svg size 720,400 font 'sans,12' background rgb 'white'
} else {
	set terminal png size 720,400
}
set output out
set title (work eq 'pair' ? 'get and put, hot' : '100 puts, then 100 gets: a pair of them')
set ylabel 'instructions'
set yrange [0:*]
set offsets 0, 0, 20, 0
set style fill solid 0.7
set boxwidth 0.6
set xtics rotate by -30 noenhanced
set grid ytics
unset key
plot data using 0:2:xtic(1) with boxes linecolor rgb '#4477aa', \
     data using 0:2:(sprintf('%.0f', $2)) with labels offset 0,0.7
