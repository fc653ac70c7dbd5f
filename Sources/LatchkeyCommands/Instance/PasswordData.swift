// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import LatchkeyModel

/// What `aws ec2 get-password-data` prints: JSON with the password in base64 in it, or the base64 alone.
enum PasswordData {
    private struct Answer: Decodable { let PasswordData: String }

    /// - Returns: the base64, maybe empty.
    static func read(_ text: String) throws -> String {
        let bare = text.filter { !$0.isWhitespace }
        guard bare.hasPrefix("{") else { return bare }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(text.utf8)).PasswordData.filter { !$0.isWhitespace }
        } catch {
            throw LatchkeyError(
                .usage,
                "there is no PasswordData in that JSON",
                hint: "give what aws ec2 get-password-data prints"
            )
        }
    }
}
