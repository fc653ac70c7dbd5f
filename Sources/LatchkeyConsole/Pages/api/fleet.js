// SPDX-License-Identifier: Apache-2.0

/**
 * All that can be entered: EC2's instances, and machines that only their agents tell of, which EC2 does not list.
 *
 * @param {object[]} instances
 * @param {Map<string, object>} agents
 */
export function fleetOf(instances, agents) {
    const known = new Set(instances.map((instance) => instance.id));
    const managed = Array.from(agents.values()).filter((agent) => !known.has(agent.id));
    return [...instances, ...managed.map(machine)];
}

/** A machine as its agent tells of it, in the form of an instance. */
export function machine(agent) {
    return {
        id: agent.id,
        name: agent.name,
        state: "managed",
        address: agent.address,
        publicName: "",
        keyPair: "",
        image: "",
        launched: "",
        stateReason: "",
        tags: {},
    };
}
