// SPDX-License-Identifier: Apache-2.0

/// A part of an answer in XML: a name, and either text or children. Attributes and namespaces are not kept.
struct XMLElement: Equatable {
    let name: String
    var text = ""
    var children: [XMLElement] = []

    /// The first child of this name.
    subscript(_ name: String) -> XMLElement? { children.first { $0.name == name } }
}
