/// What is wrong with one of several resources of which tags are to be changed.
package enum TaggingFault: Error, Equatable, Sendable {
    case unknown(String)
    case tooMany(String)
}
