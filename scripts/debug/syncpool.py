#!/usr/bin/env drgn
# SPDX-License-Identifier: GPL-2.0
"""syncpool.py [--objects] [--json] [POOL...] - the pools of a kernel, and where each object lies

For drgn, in a live kernel or in a crash dump:

    drgn -s syncpool.ko scripts/debug/syncpool.py
    drgn -c vmcore -s vmlinux -s syncpool.ko scripts/debug/syncpool.py --objects zpress

syncpool.ko needs debug information, and so does vmlinux; -s is not needed for what drgn finds
by itself. POOL is a name or an id; without one, all active pools are printed:

    zpress (pool 3 of zpress_driver): 12 cached, 5 out, 0 wait to be freed, 0 gets wait
      active  cpu 0  magazine  8
      victim  cpu 1  chain     4
     5 out, 5 listed
     3 got by
      zpress_write+0x41
      vfs_write+0xd3

--objects adds the address of each object. Who holds what is out is known of pools in debug
mode. --json prints the same for programs. In a live kernel objects move meanwhile, so some may
be missing, or seen twice.
"""

import argparse
import json
import struct
import sys

from drgn import FaultError, Object, offsetof, sizeof
from drgn.helpers.linux.cpumask import for_each_possible_cpu
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.percpu import per_cpu_ptr

# as in pool_pcp.h, pool_track.h and include/syncpool_fastpath.h
GUARD = 1
FIRST = 2
STATE_MASK, STATE_OUT = 3, 2
MAX_RINGS = 1 << 20


def variable(prog, name, file):
    """A variable of syncpool's: other files of the kernel may have one of that name."""
    return prog.variable(name, file)


def pointers(prog, address, n):
    """The N words at ADDRESS."""
    size = sizeof(prog.type('void *'))
    return struct.unpack('%d%s' % (n, 'Q' if size == 8 else 'I'), prog.read(address, n * size))


def objects_in(prog, slots, n):
    """The objects among the first N pointers of SLOTS."""
    return [p for p in pointers(prog, slots.address_of_().value_(), n) if p > GUARD]


def magazine(prog, pcp):
    mag = pcp.magazine
    first = mag.objs.address_of_().value_() + FIRST * sizeof(prog.type('void *'))
    return [p for p in pointers(prog, first, max(mag.last.value_() + 1 - FIRST, 0)) if p > GUARD]


def ring(prog, d):
    """The objects of one ring, the oldest first."""
    bits = sizeof(prog.type('long')) * 4
    mask = (1 << bits) - 1
    word = d.head_tail.counter.value_() & ((1 << 2 * bits) - 1)
    head, tail, size = word >> bits, word & mask, d.size.value_()
    slots = pointers(prog, d.slots.address_of_().value_(), size)
    found = [slots[(tail + i) & (size - 1)] for i in range((head - tail) & mask)]
    # one that a thief has claimed or the owner is about to store
    return [p for p in found if p > GUARD]


def chain(prog, pcp):
    """A live kernel may reuse the memory of a ring meanwhile, so there is a bound."""
    found, r = [], pcp.chain.tail
    for _ in range(MAX_RINGS):
        if not r:
            break
        found += ring(prog, r.d)
        r = r.next
    return found


def stash(prog, s):
    found = []
    while s:
        found += objects_in(prog, s.slots, s.size.value_())
        s = s.next
    return found


def places(prog, core):
    """Yield (generation, CPU, place, objects) of all that CORE holds."""
    roles = {core.member_(name).value_(): name for name in ('active', 'victim', 'old')}
    for gen in core.generations:
        role = roles.get(gen.address_of_().value_(), 'none')
        for cpu in for_each_possible_cpu(prog):
            pcp = per_cpu_ptr(gen.pcps, cpu)
            yield role, cpu, 'magazine', magazine(prog, pcp)
            yield role, cpu, 'nested', objects_in(prog, pcp.nested, len(pcp.nested))
            yield role, cpu, 'chain', chain(prog, pcp)
    if core.limit:
        yield '', None, 'stash', stash(prog, core.limit.stash)


def track_offsets(prog):
    track = prog.type('struct pool_track')
    return sizeof(track), {name: offsetof(track, name) for name in ('obj', 'core', 'state')}


def holders(prog, core):
    """{stack: objects} of what is out of CORE, as debug mode's tables say."""
    found = {}
    size, at = track_offsets(prog)
    word = '=Q' if sizeof(prog.type('void *')) == 8 else '=I'
    table = variable(prog, 'pool_tables', 'pool_table.c')
    while table:
        base = table.entries.address_of_().value_()
        memory = prog.read(base, size << table.bits.value_())
        for i in range(0, len(memory), size):
            obj, owner = (struct.unpack_from(word, memory, i + at[name])[0]
                          for name in ('obj', 'core'))
            state, = struct.unpack_from('=I', memory, i + at['state'])
            if owner != core.value_() or state & STATE_MASK != STATE_OUT:
                continue
            stack = Object(prog, 'struct pool_track', address=base + i).stack
            key = tuple(stack.addrs[j].value_() for j in range(stack.nr.value_()))
            found.setdefault(key, []).append(obj)
        table = table.next
    return found


def symbol(prog, address):
    try:
        found = prog.symbol(address)
    except LookupError:
        return hex(address)
    return '%s+0x%x' % (found.name, address - found.address)


def early(prog, pool):
    """What was put before POOL was active, and waits to be freed."""
    found = []
    for cpu in for_each_possible_cpu(prog):
        for e in per_cpu_ptr(variable(prog, 'pool_early', 'pool_early.c'), cpu).entries:
            if e.pool.value_() == pool.value_() and e.obj:
                found.append(e.obj.value_())
    return found


def owner_name(core):
    return core.owner.name.string_().decode() if core.owner else 'the kernel'


def describe(prog, core):
    """A dictionary of what is known of CORE."""
    pool = core.pool
    found = [{'generation': role, 'cpu': cpu, 'place': place, 'objects': objs}
             for role, cpu, place, objs in places(prog, core) if objs]
    cached = sum(len(p['objects']) for p in found)
    waiting = stash(prog, core.defer_stash) + (early(prog, pool) if pool else [])
    listed = holders(prog, core) if core.debug else {}
    return {
        'id': core.id.value_(),
        'name': core.name.string_().decode(),
        'owner': owner_name(core),
        'cached': cached,
        # what waits to be freed counts as built no more
        'out': pool.limit.built.counter.value_() - cached if pool else None,
        'deferred': waiting,
        'waiters': core.limit.nr_waiters.counter.value_() if core.limit else 0,
        'debug': bool(core.debug),
        'places': found,
        'holders': [{'stack': [symbol(prog, a) for a in stack], 'objects': objs}
                    for stack, objs in sorted(listed.items(), key=lambda h: -len(h[1]))],
    }


def addresses(objs):
    for obj in objs:
        print('      0x%x' % obj)


def show(pool, objects):
    print('%s (pool %d of %s): %d cached, %s out, %d wait to be freed, %d gets wait' % (
        pool['name'], pool['id'], pool['owner'], pool['cached'],
        'unknown' if pool['out'] is None else pool['out'], len(pool['deferred']),
        pool['waiters']))
    for place in pool['places']:
        where = '' if place['cpu'] is None else 'cpu %d' % place['cpu']
        print('  %-7s %-7s %-9s %d' % (place['generation'], where, place['place'],
                                       len(place['objects'])))
        if objects:
            addresses(place['objects'])
    if objects and pool['deferred']:
        print('  wait to be freed:')
        addresses(pool['deferred'])
    if pool['debug']:
        print(' %s out, %d listed' % (pool['out'], sum(len(h['objects'])
                                                       for h in pool['holders'])))
    for holder in pool['holders']:
        print(' %d got by' % len(holder['objects']))
        for name in holder['stack']:
            print('  ' + name)
        if objects:
            addresses(holder['objects'])


def main(prog):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--objects', action='store_true', help='the address of each object')
    parser.add_argument('--json', action='store_true', help='for programs')
    parser.add_argument('pools', metavar='POOL', nargs='*', help='a name or an id')
    args = parser.parse_args()
    try:
        cores = variable(prog, 'pool_list', 'pool_core.c')
    except LookupError:
        sys.exit('syncpool.py: drgn does not know pool_list: is syncpool loaded, and is its '
                 'debug information given with -s syncpool.ko?')
    pools = []
    for core in list_for_each_entry('struct syncpool_core', cores.address_of_(), 'node'):
        names = {core.name.string_().decode(), str(core.id.value_())}
        if args.pools and not names & set(args.pools):
            continue
        try:
            pools.append(describe(prog, core))
        except FaultError as err:
            print('syncpool.py: pool %s changed meanwhile: %s' % (core.name.string_().decode(),
                                                                  err), file=sys.stderr)
    if args.json:
        print(json.dumps({'pools': pools}, indent=1))
        return
    for pool in pools:
        show(pool, args.objects)


main(prog)  # noqa: F821: drgn defines it
