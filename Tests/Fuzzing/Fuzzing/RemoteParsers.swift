// SPDX-License-Identifier: Apache-2.0

import LatchkeyModel
import LatchkeySystem

@testable import LatchkeyAPI
@testable import LatchkeyRemote

/// The parsers of what AWS's tools have on a disk and what their services answer.
let remoteParsers: [String: One] = [
    // An answer of EC2's, as each of the things that it may be.
    "xml": { start, count in
        guard let root = try? XMLReader.read(Array(UnsafeBufferPointer(start: start, count: count))) else { return 0 }
        let decoder = XMLDecoder()
        _ = try? decoder.decode(EC2Answer.DescribeInstances.self, from: root)
        _ = try? decoder.decode(EC2Answer.DescribeKeyPairs.self, from: root)
        _ = try? decoder.decode(EC2Answer.DescribeImages.self, from: root)
        _ = try? decoder.decode(EC2Answer.GetConsoleOutput.self, from: root)
        return 0
    },
    // Configuration and credentials: as often as it is read, it says the same.
    "ini": { start, count in
        let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
        guard let file = try? INIFile(text) else { return 0 }
        precondition((try? INIFile(text)) == file)
        for section in file.sections.values {
            for case .text(let words) in section.values { _ = try? ShellWords.split(words) }
        }
        return 0
    },
    // A console: what is found there is found again where it stands alone.
    "console": { start, count in
        let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
        for key in HostKeyText.keys(onConsole: text) + HostKeyText.keys(in: text) {
            precondition(HostKeyText.key(in: key.line) == key)
        }
        return 0
    },
]
