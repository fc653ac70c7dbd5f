// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyModel
internal import LatchkeyStore

/// The one volume of each instance.
struct DescribeVolumesOperation: EC2Operation {
    static let action: Action = "ec2:DescribeVolumes"

    let ec2: EC2Service

    func execute(_ request: EC2.DescribeVolumes, in context: OperationContext) async throws
        -> EC2.DescribeVolumes.Response
    {
        let filters = try EC2Filters(request.filter)
        let table = AttributeTable.volumes
        try table.check(filters)
        let ids = try await instances(ofVolumes: request.volumeId)
        if ids != nil, request.maxResults != nil {
            throw ServiceError.combination("The parameter volumeSet cannot be used with the parameter maxResults")
        }
        var known: [InstanceFilter] = []
        for (name, patterns) in filters.all where name == "attachment.instance-id" {
            if let filter = InstanceFilter(name: "instance-id", patterns: patterns) { known.append(filter) }
        }
        // Volumes may have fifty tags each, which are not in the store's own budget.
        let query = EC2Service.InstanceQuery(
            ids: ids,
            filters: known,
            maxResults: request.maxResults,
            nextToken: request.nextToken,
            sizes: 5...1000,
            batch: 100
        )
        let (page, next) = try await ec2.find(request, query) { batch in
            let tags = try await pool.run { try store.volumeTags(of: batch.map(\.id)) }
            return
                batch.flatMap { instance in
                    volumes(of: instance, EC2Service.list(tags[instance.id] ?? [:])).map { (instance, $0) }
                }
                .filter { table.passes($0.1, filters) }
        }
        return EC2.DescribeVolumes.Response(volumeSet: page.map(\.1), nextToken: next)
    }

    /// - Throws: `InvalidVolume.NotFound` and `InvalidVolumeID.Malformed`.
    private func instances(ofVolumes ids: [String]?) async throws -> [Instance.ID]? {
        guard let ids else { return nil }
        let found = try ids.map { id -> Instance.ID in
            guard let instance = Surroundings.instance(ofVolume: id) else {
                throw ServiceError(
                    code: "InvalidVolumeID.Malformed",
                    message: "Invalid id: \"\(id.cut(to: .quotation).terminalSafe)\" (expecting \"vol-...\")"
                )
            }
            return instance
        }
        let known = try await pool.run { try store.describeInstances(withIDs: found) }
        let living = Set(known.filter { $0.state != .terminated }.map(\.id))
        if let index = found.firstIndex(where: { !living.contains($0) }) {
            throw ServiceError(code: "InvalidVolume.NotFound", message: "The volume '\(ids[index])' does not exist.")
        }
        return found
    }

    private func volumes(of instance: InstanceDescription, _ tags: [EC2.Tag]) -> [EC2.Volume] {
        let record = ec2.record(instance)
        let wanted = LaunchOptions(instance.launch).volume
        return record.blockDeviceMapping.map { device in
            var volume = EC2.Volume(device, of: record, created: instance.created, tags: tags)
            volume.size = wanted?.size ?? volume.size
            if let image = record.imageId { volume.snapshotId = "snap-" + image.dropFirst("ami-".count) }
            if let type = wanted?.type, type != volume.volumeType {
                // For other types, show iops and throughput only if they were given.
                (volume.volumeType, volume.iops, volume.throughput) = (type, nil, nil)
            }
            volume.iops = wanted?.iops ?? volume.iops
            volume.throughput = wanted?.throughput ?? volume.throughput
            return volume
        }
    }
}

extension AttributeTable where Element == EC2.Volume {
    /// All that DescribeVolumes may be filtered by (EC2 API Reference, version 2016-11-15).
    static let volumes: AttributeTable = {
        var table = AttributeTable(absent: ["fast-restored", "operator.principal"]) { $0.tagSet }
        table["attachment.attach-time"] = { $0.attachmentSet.map { QueryXML.text(of: $0.attachTime) } }
        table["attachment.delete-on-termination"] = { $0.attachmentSet.map { String($0.deleteOnTermination) } }
        table["attachment.device"] = { $0.attachmentSet.map(\.device) }
        table["attachment.instance-id"] = { $0.attachmentSet.map(\.instanceId) }
        table["attachment.status"] = { $0.attachmentSet.map(\.status) }
        table["availability-zone"] = { [$0.availabilityZone] }
        table["availability-zone-id"] = { [$0.availabilityZoneId] }
        table["create-time"] = { [QueryXML.text(of: $0.createTime)] }
        table["encrypted"] = { [String($0.encrypted)] }
        table["multi-attach-enabled"] = { [String($0.multiAttachEnabled)] }
        table["operator.managed"] = { [String($0.operator.managed)] }
        table["size"] = { [String($0.size)] }
        table["snapshot-id"] = { [$0.snapshotId] }
        table["status"] = { [$0.status] }
        table["volume-id"] = { [$0.volumeId] }
        table["volume-type"] = { [$0.volumeType] }
        return table
    }()
}
