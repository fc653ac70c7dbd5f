// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LatchkeySessionProtocol

struct SessionTaskTests {
    /// The content of a task as the official agent gets it.
    static let official = """
        {"DocumentName":"SSM-SessionManagerRunShell","SessionId":"user-1a7a6e76a8ed4297b","RunAsUser":"",\
        "SessionOwner":"arn:aws:iam::1:user/user","Parameters":{},"DocumentContent":{"schemaVersion":"1.0",\
        "description":"","sessionType":"Standard_Stream","inputs":{"s3BucketName":"","s3KeyPrefix":"",\
        "s3EncryptionEnabled":false,"cloudWatchLogGroupName":"","cloudWatchStreamingEnabled":false,\
        "cloudWatchEncryptionEnabled":false,"kmsKeyId":"","runAsEnabled":false,"runAsDefaultUser":"",\
        "shellProfile":{"linux":"","windows":""}},"parameters":{},"properties":{"linux":{"commands":"ls",\
        "runAsElevated":false,"separateOutputStream":"true","stdOutSeparatorPrefix":"","stdErrSeparatorPrefix":""},\
        "host":"db","portNumber":"5432"}}}
        """

    @Test func `a task in the official shape is understood`() throws {
        let task = try #require(Payload.decode(SessionTask.self, Array(Self.official.utf8)))
        #expect(task.documentName == "SSM-SessionManagerRunShell")
        #expect(task.sessionID == "user-1a7a6e76a8ed4297b")
        #expect(task.sessionOwner == "arn:aws:iam::1:user/user" && task.runAsUser == "")
        #expect(task.document.schemaVersion == "1.0")
        #expect(SessionType(rawValue: task.document.sessionType) == .shell)
        #expect(task.document.properties.linux?.commands == "ls")
        #expect(task.document.properties.linux?.separateOutputStream == "true")
        #expect(task.document.properties.forClient.portNumber == "5432")
        #expect(task.document.properties.forClient.host == "db")
        #expect(task.document.properties.latchkey == nil)
    }

    @Test func `a task has every field that the official agent wants, and is read again as the same`() throws {
        var properties = SessionTask.Properties()
        properties.linux = SessionTask.Command()
        properties.latchkey = SessionTask.Start()
        properties.latchkey?.columns = 80
        properties.latchkey?.environment = ["LANG=C.UTF-8"]
        let task = SessionTask(
            documentName: "AWS-StartInteractiveCommand",
            sessionID: "s-1",
            owner: "me",
            user: "admin",
            type: .interactiveCommand,
            properties: properties
        )
        let bytes = Payload.encode(task)
        let text = String(decoding: bytes, as: UTF8.self)
        let written = Self.official.matches(of: /"([A-Za-z0-9]+)":/).map { String($0.output.1) }
        for name in written where !["host", "portNumber"].contains(name) {
            #expect(text.contains("\"\(name)\":"), "\(name)")
        }
        let read = try #require(Payload.decode(SessionTask.self, bytes))
        #expect(Payload.encode(read) == bytes)
        #expect(read.runAsUser == "admin" && read.document.inputs.runAsDefaultUser == "admin")
        #expect(read.document.inputs.runAsEnabled)
        #expect(read.document.properties.latchkey == properties.latchkey)
    }

    @Test func `a task travels in its envelope as text`() throws {
        let envelope = TaskEnvelope(taskID: "s-1", topic: "interactive_shell", content: Self.official)
        let read = try #require(Payload.decode(TaskEnvelope.self, Payload.encode(envelope)))
        #expect(read.schemaVersion == 1 && read.taskID == "s-1")
        #expect(Payload.decode(SessionTask.self, Array(read.content.utf8)) != nil)
    }

    @Test(
        arguments: ["", "{}", "null", "[1]", "{\"SessionId\":3}", String(repeating: "[", count: 100_000)]
    )
    func `what is no task is not taken for one`(json: String) {
        #expect(Payload.decode(SessionTask.self, Array(json.utf8)) == nil)
        #expect(Payload.decode(TaskEnvelope.self, Array(json.utf8)) == nil)
    }
}
