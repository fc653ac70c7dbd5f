/// One of the latchkeyds that share a store: `node-` and 17 hexadecimal digits. It stays the same when that latchkeyd is started
/// again.
package typealias NodeID = String
