// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import NIOHTTP1

/// An error of the Query protocol, in EC2's codes and words where it has them.
struct QueryError: Error {
    let code: String
    let message: String
    var status = HTTPResponseStatus.badRequest

    static func missing(_ name: String) -> QueryError {
        QueryError(code: "MissingParameter", message: "The request must contain the parameter \(name)")
    }

    static func invalid(_ message: String) -> QueryError {
        QueryError(code: "InvalidParameterValue", message: message)
    }

    static func unknownFilter(_ name: String) -> QueryError { invalid("The filter '\(name.prefix(128))' is invalid") }

    static let dryRun = QueryError(
        code: "DryRunOperation",
        message: "Request would have succeeded, but DryRun flag is set.",
        status: .preconditionFailed
    )

    static func noInstance(_ id: String) -> QueryError {
        QueryError(code: "InvalidInstanceID.NotFound", message: "The instance ID '\(id.prefix(64))' does not exist")
    }

    static func noKeyPair(_ name: String) -> QueryError {
        QueryError(code: "InvalidKeyPair.NotFound", message: "The key pair '\(name.prefix(255))' does not exist")
    }

    /// EC2's form.
    func response(requestID: String) -> OutgoingResponse {
        var xml = XMLWriter()
        xml.element("Response") { xml in
            xml.element("Errors") { xml in
                xml.element("Error") { xml in
                    xml.element("Code", text: code)
                    xml.element("Message", text: message)
                }
            }
            xml.element("RequestID", text: requestID)
        }
        return OutgoingResponse(status, type: "text/xml;charset=UTF-8", xml.bytes)
    }

    /// The form of STS and most others.
    func generalResponse(requestID: String) -> OutgoingResponse {
        var xml = XMLWriter()
        xml.element("ErrorResponse", "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"") { xml in
            xml.element("Error") { xml in
                xml.element("Type", text: status.code < 500 ? "Sender" : "Receiver")
                xml.element("Code", text: code)
                xml.element("Message", text: message)
            }
            xml.element("RequestId", text: requestID)
        }
        return OutgoingResponse(status, type: "text/xml", xml.bytes)
    }
}
