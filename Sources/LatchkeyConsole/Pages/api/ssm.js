// SPDX-License-Identifier: Apache-2.0

import { all, call } from "./client.js";

const date = (seconds) => (typeof seconds === "number" ? new Date(seconds * 1000) : null);

/** What agents have told of their instances, by the instances' ids. */
export async function describeAgents() {
    const { items } = await all(async (next) => {
        const answer = await call("AmazonSSM.DescribeInstanceInformation", { MaxResults: 50, NextToken: next });
        return { items: answer.InstanceInformationList ?? [], next: answer.NextToken };
    });
    return new Map(
        items.map((item) => [
            item.InstanceId,
            {
                id: item.InstanceId,
                isOnline: item.PingStatus === "Online",
                version: item.AgentVersion ?? "",
                name: item.Name ?? item.ComputerName ?? "",
                host: item.ComputerName ?? "",
                address: item.IPAddress ?? "",
                platform: [item.PlatformName, item.PlatformVersion].filter(Boolean).join(" "),
                lastSeen: date(item.LastPingDateTime),
                kind: item.ResourceType ?? "",
            },
        ]),
    );
}

/** What the relay knows of an instance's agent. */
export async function connectionStatus(id) {
    const answer = await call("AmazonSSM.GetConnectionStatus", { Target: id });
    return {
        isConnected: answer.Status === "connected",
        takesPushedKeys: answer.LatchkeyPushedKeys ?? null,
        agent: answer.LatchkeyAgentName ?? "",
        lastSeen: date(answer.LatchkeyLastSeen),
        wasCopied: date(answer.LatchkeyCopied),
    };
}

/** @param {"Active"|"History"} state */
export async function describeSessions(state, limit = 200) {
    const { items } = await all(async (next) => {
        const answer = await call("AmazonSSM.DescribeSessions", { State: state, MaxResults: 200, NextToken: next });
        return { items: answer.Sessions ?? [], next: answer.NextToken };
    }, limit);
    return items.slice(0, limit).map((item) => ({
        id: item.SessionId,
        target: item.Target,
        status: item.Status,
        started: date(item.StartDate),
        ended: date(item.EndDate),
        owner: String(item.Owner ?? "").split("/").at(-1),
        document: item.DocumentName ?? "",
        details: item.Details ?? "",
        reason: item.Reason ?? "",
    }));
}

const opened = (answer) => ({ id: answer.SessionId, token: answer.TokenValue ?? null, url: answer.StreamUrl ?? "" });

export const startSession = async (target) => opened(await call("AmazonSSM.StartSession", { Target: target }));

export const resumeSession = async (id) => opened(await call("AmazonSSM.ResumeSession", { SessionId: id }));

export const terminateSession = (id) => call("AmazonSSM.TerminateSession", { SessionId: id });

export async function describeActivations() {
    const { items } = await all(async (next) => {
        const answer = await call("AmazonSSM.DescribeActivations", { MaxResults: 50, NextToken: next });
        return { items: answer.ActivationList ?? [], next: answer.NextToken };
    });
    return items.map((item) => ({
        id: item.ActivationId,
        name: item.DefaultInstanceName ?? "",
        description: item.Description ?? "",
        limit: item.RegistrationLimit ?? 0,
        count: item.RegistrationsCount ?? 0,
        expires: date(item.ExpirationDate),
        isExpired: item.Expired === true,
    }));
}

export async function createActivation(name, limit) {
    const answer = await call("AmazonSSM.CreateActivation", {
        IamRole: "latchkey",
        DefaultInstanceName: name || undefined,
        RegistrationLimit: limit,
    });
    return { id: answer.ActivationId, code: answer.ActivationCode };
}

export const deleteActivation = (id) => call("AmazonSSM.DeleteActivation", { ActivationId: id });
