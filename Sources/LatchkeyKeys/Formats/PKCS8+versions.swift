// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyModel
internal import LatchkeySystem

extension PKCS8 {
    /// A key in the second version of the form, which has the public half behind the private one (RFC 5958 §2), in the first:
    /// OpenSSL 3.0 reads that alone.
    ///
    /// - Returns: nil if it is in the first already, or not in this form at all.
    static func firstVersion(of der: UnsafeRawBufferPointer) -> Secret? {
        // SEQUENCE { version INTEGER, algorithm SEQUENCE, privateKey OCTET STRING, [0] attributes, [1] publicKey }
        var outer = DERElements(der)
        guard let sequence = outer.next(0x30) else { return nil }
        var elements = DERElements(sequence.content)
        guard let version = elements.next(0x02), version.content.elementsEqual([1]),
            let algorithm = elements.next(0x30),
            let key = elements.next(0x04)
        else { return nil }
        let zero: [UInt8] = [0x02, 0x01, 0x00]
        let length = zero.count + algorithm.whole.count + key.whole.count
        var first = Secret(capacity: length + 8)
        for byte in [0x30] + DERElements.length(length) + zero { _ = first.append(byte) }
        _ = first.append(algorithm.whole)
        _ = first.append(key.whole)
        return first
    }
}

/// The elements of DER (X.690 §8.1), one after the other; those of low tag numbers and definite length.
struct DERElements {
    private var rest: UnsafeRawBufferPointer

    init(_ der: UnsafeRawBufferPointer) { rest = der }

    /// Takes the next element out.
    ///
    /// - Returns: it with its head and without; nil if there is none of that tag, or it does not end.
    mutating func next(_ tag: UInt8) -> (whole: UnsafeRawBufferPointer, content: UnsafeRawBufferPointer)? {
        guard rest.count >= 2, rest[0] == tag else { return nil }
        var (head, length) = (2, Int(rest[1]))
        if length >= 0x80 {
            let count = length & 0x7F
            guard (1...3).contains(count), rest.count >= 2 + count else { return nil }
            length = rest[2..<2 + count].reduce(0) { $0 << 8 | Int($1) }
            head += count
        }
        guard length <= rest.count - head else { return nil }
        let whole = UnsafeRawBufferPointer(rebasing: rest[..<(head + length)])
        rest = UnsafeRawBufferPointer(rebasing: rest[(head + length)...])
        return (whole, UnsafeRawBufferPointer(rebasing: whole[head...]))
    }

    /// A length's bytes.
    static func length(_ length: Int) -> [UInt8] {
        if length < 0x80 { return [UInt8(length)] }
        let bytes = withUnsafeBytes(of: UInt32(length).bigEndian) { Array($0.drop { $0 == 0 }) }
        return [0x80 | UInt8(bytes.count)] + bytes
    }

    /// Whether bytes are one SEQUENCE and nothing else, as all keys and certificates in DER are.
    static func isOneSequence(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var elements = DERElements(bytes)
        return bytes.count > 16 && elements.next(0x30) != nil && elements.rest.isEmpty
    }
}
