// SPDX-License-Identifier: GPL-2.0

// bench runs the loops of ../bench_loops.h on Go's sync.Pool, and measures its
// garbage collector: how long it stops the world with many objects pooled, and
// how many objects have to be rebuilt because of it.
//
//	bench TURNS
//
// Prints "native,WORK,THREADS,go,FIGURE", and the collections per thousand
// turns of expensive-new, so that syncpool can rotate as often.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	clockThread = 3 // CLOCK_THREAD_CPUTIME_ID; package syscall does not name it

	burst     = 100
	starved   = 67
	ahead     = 512
	handovers = 3
	stock     = 65536
	stwObjs   = 100000
	stwTurns  = 50
	newTurns  = 2000
)

var pool sync.Pool

// cpuTime is the processor time of this thread, in nanoseconds. Not
// getrusage(), which is updated at ticks only.
func cpuTime() float64 {
	var t syscall.Timespec
	_, _, err := syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockThread,
		uintptr(unsafe.Pointer(&t)), 0)
	if err != 0 {
		panic(err)
	}
	return float64(t.Nano())
}

// threads runs f on n threads and returns the processor time that each took on
// average.
func threads(n int, f func(thread int)) float64 {
	runtime.GOMAXPROCS(n)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	took := make([]float64, n)
	ready.Add(n)
	done.Add(n)
	for i := 0; i < n; i++ {
		go func(i int) {
			runtime.LockOSThread()
			ready.Done()
			<-begin
			start := cpuTime()
			f(i)
			took[i] = cpuTime() - start
			done.Done()
		}(i)
	}
	ready.Wait()
	close(begin)
	done.Wait()
	var sum float64
	for i := range took {
		sum += took[i]
	}
	return sum / float64(n)
}

func report(work string, n int, figure float64) {
	fmt.Printf("native,%s,%d,go,%.3f\n", work, n, figure)
}

func parallel(work string, n, turns, ops int, f func(turns int)) {
	took := threads(n, func(int) { f(turns / n) })
	report(work, n, took/float64(turns)/float64(ops))
}

func pairs(turns int) {
	for ; turns > 0; turns-- {
		pool.Put(1)
		pool.Get()
	}
}

func bursts(puts int) func(turns int) {
	return func(turns int) {
		for ; turns > 0; turns-- {
			for i := 0; i < puts; i++ {
				pool.Put(1)
			}
			for i := 0; i < burst; i++ {
				pool.Get()
			}
		}
	}
}

// padded so that the two sides share no cache line needlessly
type pipe struct {
	filled  uint64
	_       [120]byte
	emptied uint64
	_       [120]byte
}

func relax(spins *int) {
	if *spins++; *spins%100 == 0 {
		time.Sleep(10 * time.Microsecond)
	}
}

func getter(p *pipe, turns uint64) {
	var spins int
	for turn := uint64(0); turn < turns; turn++ {
		for turn-atomic.LoadUint64(&p.emptied) == ahead {
			relax(&spins)
		}
		for i := 0; i < burst; i++ {
			for pool.Get() == nil {
				relax(&spins)
			}
		}
		atomic.StoreUint64(&p.filled, turn+1)
	}
}

func putter(p *pipe, turns uint64) {
	var spins int
	for turn := uint64(0); turn < turns; turn++ {
		for atomic.LoadUint64(&p.filled) == turn {
			relax(&spins)
		}
		for i := 0; i < burst; i++ {
			pool.Put(1)
		}
		atomic.StoreUint64(&p.emptied, turn+1)
	}
}

func handover(turns int) {
	p := new(pipe)
	// a pool drops its contents when GOMAXPROCS changes
	runtime.GOMAXPROCS(2)
	for i := 0; i < stock; i++ {
		pool.Put(1)
	}
	took := threads(2, func(thread int) {
		if thread == 0 {
			getter(p, uint64(turns))
		} else {
			putter(p, uint64(turns))
		}
	})
	report("handover", 2, took/float64(turns)/burst)
}

func stw() {
	var before, after runtime.MemStats
	var took []float64
	runtime.GOMAXPROCS(2)
	var p sync.Pool
	for i := 0; i < stwTurns; i++ {
		var item any = 42
		for n := 0; n < stwObjs; n++ {
			p.Put(item)
		}
		runtime.ReadMemStats(&before)
		runtime.GC()
		runtime.ReadMemStats(&after)
		took = append(took, float64(after.PauseTotalNs-before.PauseTotalNs))
	}
	sort.Float64s(took)
	report("stw-p50", 1, took[stwTurns/2])
	report("stw-p95", 1, took[stwTurns*95/100])
}

var sink []byte

func expensiveNew() {
	debug.SetGCPercent(100)
	var before, after runtime.MemStats
	var news uint64
	p := sync.Pool{New: func() any {
		time.Sleep(time.Millisecond)
		atomic.AddUint64(&news, 1)
		return 42
	}}
	runtime.ReadMemStats(&before)
	threads(2, func(int) {
		var items [burst]any
		for turn := 0; turn < newTurns/2; turn++ {
			for i := range items {
				items[i] = p.Get()
			}
			sink = make([]byte, 32<<10)
			for i := range items {
				p.Put(items[i])
			}
		}
	})
	runtime.ReadMemStats(&after)
	report("new", 2, float64(news)/newTurns)
	report("new-rotations", 2, float64(after.NumGC-before.NumGC)/newTurns)
}

func main() {
	turns, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	debug.SetGCPercent(-1)
	for n := 1; n <= 2; n++ {
		parallel("pool", n, turns, 1, pairs)
		parallel("overflow", n, turns/burst, burst, bursts(burst))
		parallel("starvation", n, turns/burst, burst, bursts(starved))
	}
	for i := 0; i < handovers; i++ {
		handover(turns / burst / 4)
	}
	stw()
	expensiveNew()
}
