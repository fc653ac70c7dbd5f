// SPDX-License-Identifier: Apache-2.0

/// What is to happen at which millisecond; what is to happen at the same one happens in the order it was planned in.
struct Agenda<Event> {
    private var heap: [(time: Int64, order: Int, event: Event)] = []
    private var planned = 0

    var nextTime: Int64? { heap.first?.time }

    mutating func plan(_ event: Event, at time: Int64) {
        heap.append((time, planned, event))
        planned += 1
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (time: Int64, event: Event)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
            guard let least = children.min(by: precedes), precedes(least, parent) else { break }
            heap.swapAt(least, parent)
            parent = least
        }
        return (first.time, first.event)
    }

    private func precedes(_ first: Int, _ second: Int) -> Bool {
        (heap[first].time, heap[first].order) < (heap[second].time, heap[second].order)
    }
}
