// SPDX-License-Identifier: Apache-2.0

/**
 * Messages of a session's data channel: 120 bytes in front of a payload, all integers in network order.
 *
 *     offset  bytes
 *          0      4  header length, always 116
 *          4     32  type, padded with spaces
 *         36      4  schema version, 1
 *         40      8  created, milliseconds since 1970
 *         48      8  sequence number of stream data; 0 in all else
 *         56      8  flags
 *         64     16  message id, a UUID whose halves are swapped
 *         80     32  SHA-256 of the payload
 *        112      4  payload type
 *        116      4  payload length
 */
export const HEADER_SIZE = 120;
const LENGTH_FIELD = 116;

export const MessageType = Object.freeze({
    input: "input_stream_data",
    output: "output_stream_data",
    acknowledge: "acknowledge",
    pause: "pause_publication",
    start: "start_publication",
    closed: "channel_closed",
});

export const PayloadType = Object.freeze({
    none: 0,
    output: 1,
    error: 2,
    size: 3,
    parameter: 4,
    handshakeRequest: 5,
    handshakeResponse: 6,
    handshakeComplete: 7,
    flag: 10,
    standardError: 11,
    exitCode: 12,
});

/** The flags of acknowledgements; nothing reads them. */
const SYN_AND_FIN = 3n;

const ascii = new TextDecoder("latin1");
const utf8 = new TextEncoder();

/** A UUID (RFC 9562) of 16 bytes in its usual form. */
export function uuidText(bytes) {
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, digits);
}

/** The 16 bytes of a UUID in its usual form. */
export function uuidBytes(text) {
    return Uint8Array.from(text.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));
}

/** 16 bytes with their halves in the other order: as they stand on the wire, or back. */
function swapped(bytes) {
    const result = new Uint8Array(16);
    result.set(bytes.subarray(8), 0);
    result.set(bytes.subarray(0, 8), 8);
    return result;
}

/**
 * A whole message.
 *
 * @param {{type: string, sequence?: number, payloadType?: number, payload: Uint8Array, digest: Uint8Array,
 *     id: string, created: number, flags?: bigint}} message digest: SHA-256 of the payload
 * @returns {Uint8Array}
 */
export function encode({ type, sequence = 0, payloadType = 0, payload, digest, id, created, flags }) {
    const bytes = new Uint8Array(HEADER_SIZE + payload.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, LENGTH_FIELD);
    bytes.fill(0x20, 4, 36);
    bytes.set(utf8.encode(type), 4);
    view.setUint32(36, 1);
    view.setBigUint64(40, BigInt(created));
    view.setBigInt64(48, BigInt(sequence));
    view.setBigUint64(56, flags ?? (type === MessageType.acknowledge ? SYN_AND_FIN : 0n));
    bytes.set(swapped(uuidBytes(id)), 64);
    bytes.set(digest, 80);
    view.setUint32(112, payloadType);
    view.setUint32(116, payload.length);
    bytes.set(payload, HEADER_SIZE);
    return bytes;
}

/**
 * Reads a message. The digest is not compared: what carries messages to a browser is TLS, or this machine.
 *
 * @param {Uint8Array} bytes
 * @returns {{type: string, sequence: number, payloadType: number, id: string, created: number, payload: Uint8Array}|null}
 *     null where it is none; the payload is a view of `bytes`
 */
export function decode(bytes) {
    if (bytes.length < HEADER_SIZE) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(0) !== LENGTH_FIELD || view.getUint32(116) !== bytes.length - HEADER_SIZE) return null;
    const sequence = Number(view.getBigInt64(48));
    if (!Number.isSafeInteger(sequence) || sequence < 0) return null;
    return {
        type: ascii.decode(bytes.subarray(4, 36)).replace(/^[\0 ]+|[\0 ]+$/g, ""),
        sequence,
        payloadType: view.getUint32(112),
        id: uuidText(swapped(bytes.subarray(64, 80))),
        created: Number(view.getBigUint64(40)),
        payload: bytes.subarray(HEADER_SIZE),
    };
}

/** The payload that acknowledges a message of the output. */
export function acknowledgement(sequence, id) {
    return utf8.encode(
        JSON.stringify({
            AcknowledgedMessageType: MessageType.output,
            AcknowledgedMessageId: id,
            AcknowledgedMessageSequenceNumber: sequence,
            IsSequentialMessage: true,
        }),
    );
}

/** JSON in a payload; null where it is none. */
export function readJSON(payload) {
    try {
        return JSON.parse(new TextDecoder().decode(payload));
    } catch {
        return null;
    }
}

/** A value as a payload. */
export function writeJSON(value) {
    return utf8.encode(JSON.stringify(value));
}
