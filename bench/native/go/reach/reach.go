// SPDX-License-Identifier: GPL-2.0

// reach counts how many objects Go's sync.Pool builds for the users of
// test/reach: one that wanders over the Ps, and goroutines that the scheduler
// moves. The garbage collector is off, so nothing is ever dropped.
//
//	reach WHO PS SECS
//
// Prints "reach,WORK,WHO,PS,K,NEEDED,BUILT"; WHO names the version of Go.
//
// A goroutine cannot be told on which P to run. What a pool sees of a wandering
// user, though, is K gets and K puts on one P, then on another; the user carries
// nothing from stop to stop. So there is one goroutine for each P, and all of
// them hold their Ps for as long as a row takes: they wait for their turn in raw
// system calls, during which the runtime does not take the P away. The turn goes
// from one to the next, as the wandering task goes from CPU to CPU. Each stop
// checks by the P's own number where it runs.
package main

import (
	"fmt"
	"math/rand"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	rounds = 10 // visits to each P, half of them in order

	futexWait = 128 // FUTEX_WAIT_PRIVATE
	futexWake = 129 // FUTEX_WAKE_PRIVATE
)

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// currentP is the number of the P that this goroutine runs on.
func currentP() int {
	p := procPin()
	procUnpin()
	return p
}

func report(work string, ps, k int, needed, built int64) {
	fmt.Printf("reach,%s,%s,%d,%d,%d,%d\n", work, os.Args[1], ps, k, needed, built)
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "reach: "+format+"\n", args...)
	os.Exit(1)
}

// countingPool returns a pool, and the number of objects that it has built.
func countingPool() (*sync.Pool, *int64) {
	built := new(int64)
	return &sync.Pool{New: func() any {
		atomic.AddInt64(built, 1)
		return new([256]byte)
	}}, built
}

// turn is what one goroutine waits on; padded to a cache line.
type turn struct {
	given uint32
	_     [124]byte
}

func (t *turn) give() {
	atomic.StoreUint32(&t.given, 1)
	syscall.RawSyscall(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&t.given)),
		futexWake, 1)
}

// take waits until the turn is given, and keeps the P meanwhile.
func (t *turn) take() {
	second := syscall.Timespec{Sec: 1}
	for !atomic.CompareAndSwapUint32(&t.given, 1, 0) {
		syscall.RawSyscall6(syscall.SYS_FUTEX,
			uintptr(unsafe.Pointer(&t.given)), futexWait, 0,
			uintptr(unsafe.Pointer(&second)), 0, 0)
	}
}

type wanderer struct {
	pool   *sync.Pool
	k      int
	turns  []turn // one for each goroutine
	order  []int  // whose turn it is, stop by stop
	stop   int
	visits []int // to each P
	moved  int   // stops during which the goroutine changed its P
	ready  int32
	done   sync.WaitGroup
}

// visit is one stop.
func (w *wanderer) visit(hand []any) {
	p := currentP()
	for i := range hand {
		hand[i] = w.pool.Get()
	}
	for i := range hand {
		w.pool.Put(hand[i])
		hand[i] = nil
	}
	if currentP() != p {
		w.moved++
	}
	w.visits[p]++
}

// next gives the turn on: to everyone, after the last stop, so that they end.
func (w *wanderer) next() {
	w.stop++
	if w.stop < len(w.order) {
		w.turns[w.order[w.stop]].give()
		return
	}
	for i := range w.turns {
		w.turns[i].give()
	}
}

func (w *wanderer) run(me int) {
	defer w.done.Done()
	hand := make([]any, w.k)
	nap := syscall.Timespec{Nsec: 100000}
	atomic.AddInt32(&w.ready, 1)
	for int(atomic.LoadInt32(&w.ready)) < len(w.turns) {
		syscall.RawSyscall(syscall.SYS_NANOSLEEP,
			uintptr(unsafe.Pointer(&nap)), 0, 0)
	}
	for {
		w.turns[me].take()
		if w.stop == len(w.order) {
			return
		}
		w.visit(hand)
		w.next()
	}
}

// wander fails unless every P was visited, and no stop spread over two.
func wander(ps, k int) {
	pool, built := countingPool()
	random := rand.New(rand.NewSource(1))
	w := &wanderer{pool: pool, k: k, turns: make([]turn, ps), visits: make([]int, ps)}
	for round := 0; round < rounds; round++ {
		for p := 0; p < ps; p++ {
			if round%2 == 0 {
				w.order = append(w.order, p)
			} else {
				w.order = append(w.order, random.Intn(ps))
			}
		}
	}
	w.turns[0].give()
	w.done.Add(ps)
	for p := 0; p < ps; p++ {
		go w.run(p)
	}
	w.done.Wait()
	for p, n := range w.visits {
		if n == 0 || w.moved != 0 {
			fail("P %d was visited %d times; %d stops spread over two Ps", p, n, w.moved)
		}
	}
	report("wander", ps, k, int64(k), *built)
}

// movers is a row of goroutines that the scheduler moves.
type movers struct {
	pool   *sync.Pool
	sleepy bool  // sleep with every object in hand
	out    int64 // objects now in some hand
	peak   int64
	gets   int64
	moves  int64 // gets on another P than the get before
	stop   uint32
	done   sync.WaitGroup
}

// count comes after a get: an object that is not out yet must not count.
func (m *movers) count() {
	out := atomic.AddInt64(&m.out, 1)
	peak := atomic.LoadInt64(&m.peak)
	for out > peak && !atomic.CompareAndSwapInt64(&m.peak, peak, out) {
		peak = atomic.LoadInt64(&m.peak)
	}
}

func (m *movers) rest(random *rand.Rand) {
	if m.sleepy {
		time.Sleep(time.Duration(100+random.Intn(300)) * time.Microsecond)
		return
	}
	switch random.Intn(4) {
	case 0:
		time.Sleep(time.Duration(20+random.Intn(200)) * time.Microsecond)
	case 1:
		runtime.Gosched()
	default:
		until := time.Now().Add(time.Duration(random.Intn(20)) * time.Microsecond)
		for time.Now().Before(until) {
		}
	}
}

// run holds up to k objects at a time; none with a k of 0.
func (m *movers) run(seed, k int) {
	defer m.done.Done()
	random := rand.New(rand.NewSource(int64(seed)))
	hand := make([]any, 0, k)
	var gets, moves int64
	last := currentP()
	for atomic.LoadUint32(&m.stop) == 0 {
		want := 0
		if k > 0 {
			want = 1 + random.Intn(k)
		}
		for n := 0; n < want; n++ {
			hand = append(hand, m.pool.Get())
			m.count()
			p := currentP()
			if p != last {
				moves++
			}
			last = p
			gets++
		}
		m.rest(random)
		for _, item := range hand {
			// before the put: an object that is back must not count
			atomic.AddInt64(&m.out, -1)
			m.pool.Put(item)
		}
		hand = hand[:0]
		m.rest(random)
	}
	atomic.AddInt64(&m.gets, gets)
	atomic.AddInt64(&m.moves, moves)
}

// move lets n goroutines run, and others without objects up to the number of Ps
// twice, so that the scheduler has something to move.
func move(work string, ps, n, k, secs int, sleepy bool) {
	pool, built := countingPool()
	m := &movers{pool: pool, sleepy: sleepy}
	all := n
	if n < ps {
		all = 2 * ps
	}
	m.done.Add(all)
	for i := 0; i < all; i++ {
		if i < n {
			go m.run(i, k)
		} else {
			go m.run(i, 0)
		}
	}
	time.Sleep(time.Duration(secs) * time.Second)
	atomic.StoreUint32(&m.stop, 1)
	m.done.Wait()
	fmt.Fprintf(os.Stderr, "%s, %d Ps: %d gets, %d moves\n", work, ps, m.gets, m.moves)
	report(work, ps, k, m.peak, *built)
}

func number(arg int) int {
	n, err := strconv.Atoi(os.Args[arg])
	if err != nil {
		fail("%v", err)
	}
	return n
}

func main() {
	if len(os.Args) != 4 {
		fail("usage: reach WHO PS SECS")
	}
	ps, secs := number(2), number(3)
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(ps)
	for _, k := range []int{1, 2, 8, 32, 100, 400} {
		wander(ps, k)
	}
	for _, row := range [][2]int{{1, 32}, {ps, 1}, {ps, 32}, {4 * ps, 1}, {4 * ps, 32}} {
		move(fmt.Sprintf("moving-%d", row[0]), ps, row[0], row[1], secs, false)
	}
	move("holding", ps, ps, 1, secs, true)
}
