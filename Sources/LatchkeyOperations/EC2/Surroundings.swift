// SPDX-License-Identifier: Apache-2.0

internal import LatchkeyAPI
internal import LatchkeyAuthorization
internal import LatchkeyCrypto
internal import LatchkeyModel

/// What every instance has around it: one region with one zone, in that one network with one subnet, and one security group. All
/// that is told of them begins here.
///
/// Ids are made of the region's name, and of an instance's id for what belongs to it, so that they are the same every time.
struct Surroundings: Sendable {
    let region: String
    let zone: String
    let zoneID: String
    let vpcID: String
    let subnetID: String
    let group: EC2.GroupIdentifier

    /// Instances have whatever address their machines have, so that the network has all of them.
    static let addresses = "0.0.0.0/0"
    /// How many addresses there are for instances that are launched, in 127.64.0.0/10.
    static let addressCount = 1 << 22
    /// How images and instances call their first device. Both are names that images have at EC2.
    static let rootDevices = ["/dev/sda1", "/dev/xvda"]

    init(region: String) {
        func id(_ prefix: String) -> String {
            prefix + Hex.encode(Digest.sha256(Array("\(prefix)\(region)".utf8))).prefix(17)
        }
        self.region = region
        zone = "\(region)a"
        zoneID = "\(region)-az1"
        vpcID = id("vpc-")
        subnetID = id("subnet-")
        group = EC2.GroupIdentifier(groupId: id("sg-"), groupName: "default")
    }

    var placement: EC2.Placement { EC2.Placement(availabilityZone: zone, availabilityZoneId: zoneID) }

    func arn(_ resource: String) -> String { "arn:aws:ec2:\(region):\(Principal.account):\(resource)" }

    // MARK: An instance's own

    /// For example `vol-0123456789abcdef0` of `i-0123456789abcdef0`.
    static func id(_ prefix: String, of instance: Instance.ID) -> String {
        prefix + instance.dropFirst(Identifier.instancePrefix.count)
    }

    /// The instance whose volume this is; nil for what is no volume's id.
    static func instance(ofVolume id: String) -> Instance.ID? {
        guard id.hasPrefix(volumePrefix) else { return nil }
        let instance = Identifier.instancePrefix + id.dropFirst(volumePrefix.count)
        return Identifier.looksLikeInstanceID(instance) ? instance : nil
    }

    static let volumePrefix = "vol-"

    /// A locally administered address with the end of the instance's id.
    static func macAddress(of instance: Instance.ID) -> String {
        let digits = String(repeating: "0", count: 10) + instance.dropFirst(Identifier.instancePrefix.count)
        var rest = digits.suffix(10)
        var parts = ["02"]
        while !rest.isEmpty {
            parts.append(String(rest.prefix(2)))
            rest = rest.dropFirst(2)
        }
        return parts.joined(separator: ":")
    }

    /// The name that an instance has inside the network: of its private address, or else of its id.
    func privateName(of instance: Instance.ID, address: String?) -> String {
        let host = address.map { "ip-" + $0.replacing(".", with: "-") } ?? instance
        return host + privateDomain
    }

    private var privateDomain: String { ".\(region).compute.internal" }

    /// Whether an instance could have this name inside the network, which no other text has to be looked for as.
    func isPrivateName(_ name: String) -> Bool { name.hasSuffix(privateDomain) }
}
