// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySQLite
import LatchkeyStore
import LatchkeyTestSupport

/// What keeps a server's state: the tests of this target are what each of them promises (``ServerStore``).
enum StoreKind: CaseIterable {
    case sqlite

    /// Opens a store of this kind whose data are in a folder: a second one sees what the first one wrote, as another process does.
    func open(_ folder: String) throws -> any ServerStore {
        switch self {
        case .sqlite: try SQLiteStore(path: "\(folder)/store.db", isForServer: true)
        }
    }
}

/// Runs `body` with an empty store of each kind, and what opens it once more.
func withEachStore(_ body: (any ServerStore, () throws -> any ServerStore) throws -> Void) throws {
    for kind in StoreKind.allCases {
        try Scratch.with { scratch in
            try body(kind.open(scratch.path)) { try kind.open(scratch.path) }
        }
    }
}

/// What `body` fails with; nil if it does not, or with something else.
func code(_ body: () throws -> Void) -> LatchkeyError.Code? {
    do {
        try body()
        return nil
    } catch {
        return (error as? LatchkeyError)?.code
    }
}

/// So many seconds after a beginning that is the same for all tests.
func time(_ seconds: Double) -> Date { Date(timeIntervalSince1970: 1_700_000_000 + seconds) }

/// Goes through all pages of a list.
///
/// - Parameter meanwhile: runs after each page.
func collect<Element>(
    meanwhile: () throws -> Void = {},
    _ page: (PageCursor?) throws -> Page<Element>
) throws -> [Element] {
    var elements: [Element] = []
    var cursor: PageCursor?
    repeat {
        let next = try page(cursor)
        elements += next.elements
        // Through its text, as a client would hand it back.
        cursor = next.next.flatMap { PageCursor($0.text) }
        try meanwhile()
    } while cursor != nil
    return elements
}
