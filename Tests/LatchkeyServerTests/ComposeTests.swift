// SPDX-License-Identifier: Apache-2.0

import Foundation
import LatchkeyTestSupport
import Testing

/// `Docker/compose.yaml`, used as it says, with an image of the programs under test.
@Suite(.enabled(if: Engine.current == .docker, "containers are what this is about"))
struct ComposeTests {
    private static let image = "latchkey/latchkeyd:test"
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Docker").path

    @Test func `an image is not made of programs that are not there`() throws {
        try Scratch.with { scratch in
            let run = try Execution.run(["\(ComposeTests.folder)/server-image", scratch.path])
            #expect(run.status == 1)
            #expect(
                run.error == "latchkey: '\(scratch.path)/latchkey' is not built\nlatchkey: hint: make build\n",
                "\(run.text)"
            )
        }
    }

    @Test func `one command starts a latchkeyd that launches instances, and nothing of it remains`() throws {
        let programs = URL(fileURLWithPath: Scratch.program).deletingLastPathComponent().path
        try Execution.require(
            ["\(ComposeTests.folder)/server-image", programs, ComposeTests.image],
            timeout: 4 * Execution.timeout
        )
        try Scratch.with { scratch in
            let environment = try environment(scratch)
            defer { remove(scratch, environment) }
            let run = try Execution.run(
                ["bash", "-c", ComposeTests.story],
                environment: environment,
                timeout: 4 * Execution.timeout
            )
            #expect(run.status == 0, "\(run.text)\(run.error)")
            #expect(
                run.text == """
                    ssh: admin web-1
                    from the host: admin
                    from the container: web-1
                    from the next container: kept

                    """
            )
        }
    }

    private static let story = #"""
        set -euo pipefail
        umask 077
        cd "$WORK"
        compose() { $COMPOSE "$@" 2>>compose.log || { cat compose.log >&2; return 1; }; }
        until_() {
            for _ in $(seq 900); do if "$@"; then return; fi; sleep 0.2; done
            echo "waited for: $*" >&2
            compose logs >&2
            exit 1
        }
        health() { docker inspect --format '{{.State.Health.Status}}' "$(compose ps -q latchkeyd)"; }
        is_healthy() { [ "$(health)" = healthy ]; }
        inside() { compose exec -T latchkeyd latchkey connect web-1 -- "$1"; }
        label="label=latchkey.home=$LATCHKEYD_HOME/latchkey.db"

        compose up --detach
        until_ is_healthy
        compose exec -T latchkeyd cat "$LATCHKEYD_HOME/profile" >profile
        modes=$(stat -c %a "$LATCHKEYD_HOME/tls/ca.pem" "$LATCHKEYD_HOME/tls/ca-key.pem" "$LATCHKEYD_HOME/profile")
        [ "$(xargs <<<"$modes")" = '644 600 600' ]
        # Who may read logs has no access by that.
        compose logs >log
        if grep -F "$(sed -n 's/^aws_secret_access_key = //p' profile)" log >&2; then exit 1; fi

        aws ec2 create-key-pair --key-name k --key-type ed25519 --query KeyMaterial >k.pem
        image=$(aws ec2 describe-images --filters 'Name=name,Values=latchkey/instance:bookworm' \
            --query 'Images[0].ImageId')
        id=$(aws ec2 run-instances --image-id "$image" --key-name k --query 'Instances[0].InstanceId' \
            --tag-specifications 'ResourceType=instance,Tags=[{Key=Name,Value=web-1}]')
        aws ec2 wait instance-running --instance-ids "$id"
        address=$(aws ec2 describe-instances --instance-ids "$id" \
            --query 'Reservations[0].Instances[0].PublicIpAddress')
        enter() {
            ssh -F /dev/null -i k.pem -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=accept-new \
                -o UserKnownHostsFile=known_hosts admin@"$address" "$@" 2>>ssh.log
        }
        until_ enter 'echo kept >state'
        echo "ssh: $(enter 'id -un; hostname' | xargs)"
        is_connected() { [ "$(aws ssm get-connection-status --target "$id" --query Status)" = connected ]; }
        until_ is_connected
        echo "from the host: $("$PROGRAM" --profile latchkey connect web-1 -- id -un 2>>latchkey.log)"
        # There is no key there: the agent lets one in for the connection.
        echo "from the container: $(inside hostname)"

        # The instance outlives its latchkeyd, and the next one finds it.
        compose down
        compose up --detach
        until_ is_healthy
        until_ is_connected
        echo "from the next container: $(inside 'cat state')"

        compose down
        docker ps --all --quiet --filter "$label" | xargs -r docker rm --force --volumes >removed
        [ "$(wc -l <removed)" = 1 ]
        [ -z "$(docker ps --all --quiet --filter "$label")" ]
        [ -z "$(docker ps --all --quiet --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")" ]
        if curl -s "http://127.0.0.1:$LATCHKEYD_PORT/healthz" >&2; then exit 1; fi
        """#

    /// What the story is told: names, a home and ports that nobody else has, and no account of anybody's.
    private func environment(_ scratch: Scratch) throws -> [String: String?] {
        let port = try TestRelay.freePortPair()
        let profile = "\(scratch.path)/profile"
        let hasPlugin = try Execution.run(["docker", "compose", "version"]).status == 0
        var file = "\(ComposeTests.folder)/compose.yaml"
        if !hasPlugin {
            // The older docker-compose has no word for a project's name.
            let lines = try scratch.read(file).split(separator: "\n", omittingEmptySubsequences: false)
            file = try scratch.write("compose.yaml", lines.filter { !$0.hasPrefix("name:") }.joined(separator: "\n"))
        }
        // A debug build's agent takes Swift's runtime from the toolchain. It ends by itself, should the test be killed.
        let volumes = try ContainerAgent.libraries().map { "\"--volume\", \"\($0.0):\($0.1)\"" }
        let more = try scratch.write(
            "more.yaml",
            """
            services:
              latchkeyd:
                entrypoint: [timeout, "3600", /usr/local/sbin/latchkeyd-entrypoint]
                command: [\(volumes.joined(separator: ", "))]
                restart: "no"
            """
        )
        let own: [String: String?] = [
            "COMPOSE": "docker\(hasPlugin ? " " : "-")compose --file \(file) --file \(more)",
            "COMPOSE_PROJECT_NAME": URL(fileURLWithPath: scratch.path).lastPathComponent.lowercased(),
            "LATCHKEYD_HOME": scratch.latchkeyHome, "LATCHKEYD_PORT": String(try TestRelay.freePort()),
            "LATCHKEYD_METADATA_PORT": String(port), "LATCHKEYD_IMAGE": ComposeTests.image,
            // Of the engine that the tests use.
            "LATCHKEYD_ENGINE": ProcessInfo.processInfo.environment["DOCKER_HOST"]
                .map { $0.replacing("unix://", with: "") },
            // The client's own, beside the server's.
            "LATCHKEY_HOME": "\(scratch.path)/client", "PROGRAM": Scratch.program, "WORK": scratch.path,
            "AWS_CONFIG_FILE": profile, "AWS_SHARED_CREDENTIALS_FILE": profile, "AWS_PROFILE": "latchkey",
            "AWS_PAGER": "", "AWS_DEFAULT_OUTPUT": "text", "AWS_ACCESS_KEY_ID": nil, "AWS_SECRET_ACCESS_KEY": nil,
            "AWS_ENDPOINT_URL": nil, "AWS_REGION": nil, "AWS_DEFAULT_REGION": nil, "AWS_CA_BUNDLE": nil,
            "REQUESTS_CA_BUNDLE": nil,
        ]
        return scratch.environment.merging(own) { $1 }
    }

    /// What a story that failed has left behind, and the home, whose files are root's.
    private func remove(_ scratch: Scratch, _ environment: [String: String?]) {
        let script = #"""
            $COMPOSE down
            docker ps --all --quiet --filter "label=latchkey.home=$LATCHKEYD_HOME/latchkey.db" |
                xargs -r docker rm --force --volumes
            docker run --rm --network none --volume "$WORK:$WORK" --entrypoint rm "$LATCHKEYD_IMAGE" \
                -rf "$LATCHKEYD_HOME"
            """#
        _ = try? Execution.run(["bash", "-c", script], environment: environment)
    }
}
