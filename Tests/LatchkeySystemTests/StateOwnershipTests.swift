// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyModel
import LatchkeySystem
import LatchkeyTestSupport
import Testing

/// What ssh refuses for its files, the programs refuse for their state.
struct StateOwnershipTests {
    private func refusal(_ body: () throws -> Void) -> LatchkeyError? {
        do {
            try body()
            return nil
        } catch { return error as? LatchkeyError }
    }

    private func chmod(_ mode: Int, _ path: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test func `a folder that others may change is refused, with what mends it`() throws {
        try Scratch.with { scratch in
            let folder = "\(scratch.path)/a/b/c"
            try StateFile.makeFolder(folder)
            try StateFile.makeFolder(folder)
            for (place, mode) in [(folder, 0o777), ("\(scratch.path)/a", 0o702), (folder, 0o1777), (folder, 0o722)] {
                try chmod(mode, place)
                let refused = try #require(refusal { try StateFile.makeFolder(folder) })
                #expect(
                    refused.code == .fileUnusable && refused.message == "the folder '\(place)' can be changed by others"
                )
                #expect(refused.hint == "if no one did: chmod go-w \(place)")
                #expect(refusal { try StateFile.checkFolder(folder) } == refused)
                try Execution.require(["sh", "-c", (try #require(refused.hint)).replacing("if no one did: ", with: "")])
                try StateFile.makeFolder(folder)
                try chmod(0o700, place)
            }
            // Others may come in, and add something above, but change nothing that is ours.
            try chmod(0o755, folder)
            try chmod(0o1777, "\(scratch.path)/a")
            try StateFile.makeFolder(folder)
            try StateFile.checkFolder("\(scratch.path)/not/there")
        }
    }

    @Test func `a link is as good as where it lies and what it leads to`() throws {
        try Scratch.with { scratch in
            let (real, link) = ("\(scratch.path)/real/state", "\(scratch.path)/links/state")
            try StateFile.makeFolder(real)
            try StateFile.makeFolder("\(scratch.path)/links")
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: real)
            try StateFile.makeFolder(link)
            try StateFile.makeFolder("\(link)/more/")
            for place in ["\(scratch.path)/links", "\(scratch.path)/real"] {
                try chmod(0o722, place)
                #expect(
                    refusal { try StateFile.checkFolder(link) }?.message.contains("'\(place)' can be changed") == true
                )
                try chmod(0o700, place)
            }
            try StateFile.checkFolder(link)
        }
    }

    /// Some systems make a group for each user, and let it write.
    @Test func `the group of one user alone is no one else's`() throws {
        try Scratch.with { scratch in
            let folder = "\(scratch.path)/state"
            try StateFile.makeFolder(folder)
            try chmod(0o770, folder)
            let isOwn =
                try Execution.require(["sh", "-c", "[ \"$(id -gn)\" = \"$(id -un)\" ] && echo own || true"]).line
                == "own"
            #expect((refusal { try StateFile.checkFolder(folder) } == nil) == isOwn)
            // Everybody's.
            try chmod(0o772, folder)
            #expect(refusal { try StateFile.checkFolder(folder) } != nil)
        }
    }

    @Test func `a file that is a link, or no file, or others' to write, is refused`() throws {
        try Scratch.with { scratch in
            let path = try scratch.write("file", "x")
            try StateFile.checkFile(path)
            #expect(try StateFile.readOwn(path) == Array("x".utf8))
            try StateFile.checkFile("\(scratch.path)/none")
            #expect(try StateFile.readOwn("\(scratch.path)/none") == nil)
            try FileManager.default.createSymbolicLink(atPath: "\(scratch.path)/link", withDestinationPath: path)
            #expect(
                refusal { try StateFile.checkFile("\(scratch.path)/link") }?.message
                    == "'\(scratch.path)/link' is a link"
            )
            #expect(refusal { try StateFile.checkFile(scratch.path) }?.message == "'\(scratch.path)' is no plain file")
            try chmod(0o602, path)
            #expect(refusal { try StateFile.checkFile(path) }?.hint == "if no one did: chmod go-w \(path)")
            #expect(refusal { _ = try StateFile.readOwn(path) }?.hint == "if no one did: chmod go-w \(path)")
            #expect(
                refusal { _ = try StateFile.readOwn("\(scratch.path)/link") }?.hint
                    == "if no one did: chmod go-w \(scratch.path)/link"
            )
        }
    }

    /// Only root can give a folder away; anybody else finds one that belongs to root, which is fine.
    @Test func `what belongs to another user is refused`() throws {
        try Scratch.with { scratch in
            let folder = "\(scratch.path)/state"
            try StateFile.makeFolder("\(folder)/inner")
            try scratch.write("state/file", "x")
            guard geteuid() == 0 else {
                print("latchkey: only root can give a folder away: what belongs to another user is NOT TESTED")
                try StateFile.checkFolder("/usr/bin")
                return
            }
            try Execution.require(["chown", "nobody", folder])
            for place in [folder, "\(folder)/inner"] {
                let refused = try #require(refusal { try StateFile.checkFolder(place) })
                #expect(
                    refused.message
                        == "the folder '\(folder)' belongs to another user (nobody), who could change what it says"
                )
                #expect(refused.hint == "run as that user, or change its owner: chown root \(folder)")
            }
            try Execution.require(["chown", "root", folder])
            try Execution.require(["chown", "nobody", "\(folder)/file"])
            #expect(refusal { try StateFile.checkFile("\(folder)/file") }?.message.contains("(nobody)") == true)
            // A link of another user's may lead elsewhere tomorrow.
            try FileManager.default.createSymbolicLink(atPath: "\(scratch.path)/link", withDestinationPath: folder)
            try Execution.require(["chown", "-h", "nobody", "\(scratch.path)/link"])
            #expect(
                refusal { try StateFile.checkFolder("\(scratch.path)/link") }?.message.hasPrefix("the link ") == true
            )
            #expect(
                refusal { try StateFile.checkFolder("\(scratch.path)/link/inner") }?.message.hasPrefix("the link ")
                    == true
            )
        }
    }
}
