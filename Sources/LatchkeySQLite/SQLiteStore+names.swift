// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import LatchkeyModel

/// Names that people could take for one another.
extension SQLiteStore {
    /// Another instance whose name is not this one and looks like it; nil if there is none. Terminated instances are out of
    /// the way.
    ///
    /// - Parameter ids: those that are to have the name.
    static func lookAlike(
        of name: String,
        except ids: [Instance.ID] = [],
        _ database: Database
    ) throws -> (name: String, id: Instance.ID)? {
        let skeleton = name.skeleton
        // What looks like its own name has no row of its own there, which is most.
        let row = try Row.fetchOne(
            database,
            sql: """
                SELECT name, instance.id FROM (
                    SELECT value AS name, instanceID FROM instanceTag WHERE key = 'Name' AND value = ?
                    UNION ALL
                    SELECT nameSkeleton.name, nameSkeleton.instanceID FROM nameSkeleton
                    JOIN instanceTag ON instanceTag.instanceID = nameSkeleton.instanceID AND key = 'Name'
                        AND value = nameSkeleton.name
                    WHERE skeleton = ?
                ) JOIN instance ON instance.id = instanceID
                WHERE name <> ? AND state <> 'terminated' AND instance.id NOT IN (SELECT value FROM json_each(?)) LIMIT 1
                """,
            arguments: [skeleton, skeleton, name, try json(ids)]
        )
        return row.map { (($0[0] as String).cut(to: .instanceName), $0[1]) }
    }

    /// - Throws: `nameInvalid` if the name that these tags give to instances looks like another one's.
    static func checkName(in tags: Tags, of ids: [Instance.ID], _ database: Database) throws {
        // A name of blanks is none, and cannot be taken for another one.
        guard let name = tags[Tags.nameKey], !name.unicodeScalars.allSatisfy(\.properties.isWhitespace),
            let other = try lookAlike(of: name, except: ids, database)
        else { return }
        throw LatchkeyError.lookAlike(name, of: other.name, "instance", id: other.id)
    }

    /// Keeps what an instance's name looks like, for names that come later.
    static func noteSkeleton(of name: String, _ id: Instance.ID, _ database: Database) throws {
        let skeleton = name.cut(to: .instanceName).skeleton
        // By bytes, as the database compares.
        guard !skeleton.utf8.elementsEqual(name.utf8) else {
            try database.execute(sql: "DELETE FROM nameSkeleton WHERE instanceID = ?", arguments: [id])
            return
        }
        try database.execute(
            sql: "INSERT OR REPLACE INTO nameSkeleton (instanceID, name, skeleton) VALUES (?, ?, ?)",
            arguments: [id, name, skeleton]
        )
    }

    /// Tags as they are shown: those that were stored before there were limits are within them, too.
    static func tags(_ rows: [Row]) -> Tags {
        Dictionary(rows.map { (($0[0] as String).cut(to: .tagKey), ($0[1] as String).cut(to: .tagValue)) }) {
            first,
            _ in
            first
        }
    }
}
