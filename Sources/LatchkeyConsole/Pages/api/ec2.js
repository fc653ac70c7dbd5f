// SPDX-License-Identifier: Apache-2.0

import { query } from "./client.js";

/** The text of a child; "" where there is none. */
const text = (element, name) => childOf(element, name)?.textContent ?? "";

const childOf = (element, name) => Array.from(element.children).find((child) => child.localName === name);

/** The items of a list within an element. */
const items = (element, name) => {
    const list = childOf(element, name);
    return list ? Array.from(list.children).filter((child) => child.localName === "item") : [];
};

const tagsOf = (element) =>
    Object.fromEntries(items(element, "tagSet").map((item) => [text(item, "key"), text(item, "value")]));

const nextOf = (document) => text(document.documentElement, "nextToken") || undefined;

function instance(item) {
    const tags = tagsOf(item);
    const state = childOf(item, "instanceState");
    return {
        id: text(item, "instanceId"),
        name: tags.Name ?? "",
        state: state ? text(state, "name") : "",
        address: text(item, "ipAddress") || text(item, "privateIpAddress"),
        publicName: text(item, "dnsName"),
        keyPair: text(item, "keyName"),
        image: text(item, "imageId"),
        launched: text(item, "launchTime"),
        stateReason: text(item, "reason"),
        tags,
    };
}

/** A page of instances. */
export async function describeInstances({ next, ids = [], name, limit = 1000 } = {}) {
    const parameters = {};
    if (ids.length === 0) parameters.MaxResults = String(limit);
    ids.forEach((id, index) => (parameters[`InstanceId.${index + 1}`] = id));
    if (next) parameters.NextToken = next;
    if (name) {
        parameters["Filter.1.Name"] = "tag:Name";
        parameters["Filter.1.Value.1"] = name;
    }
    const document = await query("DescribeInstances", parameters);
    const reservations = items(document.documentElement, "reservationSet");
    return {
        items: reservations.flatMap((reservation) => items(reservation, "instancesSet").map(instance)),
        next: nextOf(document),
    };
}

/** What an instance has said at its start; text of a machine, and hostile. */
export async function consoleOutput(id) {
    const document = await query("GetConsoleOutput", { InstanceId: id });
    const bytes = Uint8Array.from(atob(text(document.documentElement, "output")), (letter) => letter.charCodeAt(0));
    return new TextDecoder().decode(bytes);
}

/** @param {"StartInstances"|"StopInstances"|"RebootInstances"|"TerminateInstances"} action */
export const changeInstance = (action, id) => query(action, { "InstanceId.1": id });

export async function runInstance({ image, keyPair, name }) {
    const parameters = { ImageId: image, MinCount: "1", MaxCount: "1" };
    if (keyPair) parameters.KeyName = keyPair;
    if (name) {
        parameters["TagSpecification.1.ResourceType"] = "instance";
        parameters["TagSpecification.1.Tag.1.Key"] = "Name";
        parameters["TagSpecification.1.Tag.1.Value"] = name;
    }
    const document = await query("RunInstances", parameters);
    return items(document.documentElement, "instancesSet").map(instance)[0];
}

export async function describeImages() {
    const document = await query("DescribeImages");
    return items(document.documentElement, "imagesSet").map((item) => ({
        id: text(item, "imageId"),
        name: text(item, "name"),
    }));
}

export async function describeKeyPairs() {
    const document = await query("DescribeKeyPairs", { IncludePublicKey: "true" });
    return items(document.documentElement, "keySet").map((item) => ({
        id: text(item, "keyPairId"),
        name: text(item, "keyName"),
        type: text(item, "keyType"),
        fingerprint: text(item, "keyFingerprint"),
        publicKey: text(item, "publicKey"),
        created: text(item, "createTime"),
        tags: tagsOf(item),
    }));
}

/** @returns {Promise<{name: string, material: string}>} the private half, which the server does not keep */
export async function createKeyPair(name, type) {
    const document = await query("CreateKeyPair", { KeyName: name, KeyType: type });
    return { name: text(document.documentElement, "keyName"), material: text(document.documentElement, "keyMaterial") };
}

export async function importKeyPair(name, publicKey) {
    const material = btoa(String.fromCharCode(...new TextEncoder().encode(publicKey)));
    const document = await query("ImportKeyPair", { KeyName: name, PublicKeyMaterial: material });
    return text(document.documentElement, "keyFingerprint");
}

export const deleteKeyPair = (name) => query("DeleteKeyPair", { KeyName: name });
