# SPDX-License-Identifier: GPL-2.0
# coherence.gnuplot - lines moved over CPUs; data, out, type and work come with -e

if (type eq 'svg') {
	set terminal svg size 860,420 font 'sans,12' background rgb 'white'
} else {
	set terminal png size 860,420
}
set output out
heading(w) = w eq 'pair' ? 'every CPU gets and puts' : \
	w eq 'wander-8' ? 'a task that wanders over the CPUs with 8 objects: a get and a put' : \
	w eq 'thieves' ? 'one CPU puts what all others get: an object' : \
	'half of the CPUs get what the others put: an object'
set title heading(work) noenhanced
set xlabel 'CPUs'
set ylabel 'cache lines moved'
set logscale x 2
# 0 has no place on a logarithmic scale, so the scale begins with it
set logscale y 10
set yrange [0.05:512]
set ytics add ('0' 0.05)
set grid
set key top left
shown(n) = n < 0.05 ? 0.05 : n
plot data using 1:(shown($2)) with linespoints linewidth 3 pointtype 7 linecolor rgb '#4477aa' title 'syncpool', \
     data using 1:(shown($3)) with linespoints linewidth 2 pointtype 5 linecolor rgb '#ccbb44' title "Go's sync.Pool", \
     data using 1:(shown($4)) with linespoints linewidth 2 pointtype 9 linecolor rgb '#ee6677' title 'objpool', \
     data using 1:(shown($5)) with linespoints linewidth 2 pointtype 11 linecolor rgb '#228833' title 'ptr\_ring'
