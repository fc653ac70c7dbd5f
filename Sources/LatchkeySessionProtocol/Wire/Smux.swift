// SPDX-License-Identifier: Apache-2.0

/// Several connections in one stream of bytes, in the form of smux version 1: frames of an 8-byte header (version, command,
/// length as 16 bits and stream as 32 bits, both in little-endian order) and data.
package enum Smux {
    package static let headerSize = 8
    package static let version: UInt8 = 1
    /// The most data that the official ends put into one frame; more is legal up to 65,535.
    package static let dataLimit = 32 * 1024

    package enum Command: UInt8, Sendable {
        case open = 0
        case close = 1
        case data = 2
        case keepAlive = 3
    }

    package enum Fault: Error, Equatable, Sendable {
        case version(UInt8)
        case command(UInt8)
        /// A command that carries no data came with some.
        case unexpectedData
        case tooManyStreams
    }

    package enum Event: Equatable, Sendable {
        case opened(UInt32)
        case data(UInt32, ArraySlice<UInt8>)
        case closed(UInt32)
    }

    package static func header(_ command: Command, _ stream: UInt32, length: Int) -> [UInt8] {
        [version, command.rawValue, UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
            + (0..<4).map { UInt8(truncatingIfNeeded: stream >> ($0 * 8)) }
    }

    package static func frame(_ command: Command, _ stream: UInt32, _ data: some Collection<UInt8> = []) -> [UInt8] {
        header(command, stream, length: data.count) + data
    }
}
