// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser

/// The root of a program's commands.
package protocol RootCommand: ParsableCommand {
    static var commands: [any ParsableCommand.Type] { get }
}
