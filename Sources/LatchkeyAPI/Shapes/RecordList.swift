// SPDX-License-Identifier: Apache-2.0

/// The records of an answer. One that cannot be read, or is longer than any that is meant well, is left out and counted: it
/// must not hide the others.
package struct RecordList<Record: ListedRecord>: Sendable {
    /// The most bytes of one text. AWS's longest in what is listed here, a tag's value, has 256 characters of four bytes.
    package static var textLimit: Int { 4096 }
    /// The most that one record may take. 50 tags of 128 and 256 characters are 77 KB.
    package static var recordLimit: Int { 128 * 1024 }
    /// What a record, and each of its texts, takes besides the bytes of texts, roughly.
    private static var recordOverhead: Int { 512 }
    private static var textOverhead: Int { 32 }

    package let records: [Record]
    /// How many were left out.
    package let leftOut: Int
    /// How much memory the records take, roughly.
    package let byteCount: Int

    package init(_ records: [Record]) {
        self.records = records
        leftOut = 0
        byteCount = 0
    }

    /// - Returns: nil for one that is too long.
    private static func byteCount(of record: Record) -> Int? {
        var sum = recordOverhead
        for case let text? in record.texts {
            let count = text.utf8.count
            guard count <= textLimit else { return nil }
            sum += count + textOverhead
        }
        return sum <= recordLimit ? sum : nil
    }

    /// A record, or what stands in the place of one.
    private struct Place: Decodable where Record: Decodable {
        let record: Record?

        init(from decoder: any Decoder) {
            // What is wrong with it does not matter: it is counted.
            record = try? Record(from: decoder)
        }
    }
}

extension RecordList: Decodable where Record: Decodable {
    package init(from decoder: any Decoder) throws {
        var container = try decoder.unkeyedContainer()
        var (records, leftOut, byteCount): ([Record], Int, Int) = ([], 0, 0)
        while !container.isAtEnd {
            if let record = try container.decode(Place.self).record, let size = RecordList.byteCount(of: record) {
                records.append(record)
                byteCount += size
            } else {
                leftOut += 1
            }
        }
        self.records = records
        self.leftOut = leftOut
        self.byteCount = byteCount
    }
}

extension RecordList: Encodable where Record: Encodable {
    package func encode(to encoder: any Encoder) throws { try records.encode(to: encoder) }
}
