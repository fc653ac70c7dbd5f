// SPDX-License-Identifier: Apache-2.0

/// Has a machine become an instance.
enum InstallationScript {
    #if arch(x86_64)
    private static let machine = "x86_64"
    #elseif arch(arm64)
    private static let machine = "aarch64"
    #endif

    /// As in systemd/latchkey-agent.service.
    static let unit = #"""
        # SPDX-License-Identifier: Apache-2.0
        #
        # The agent on an instance. Register it first, once:
        #   latchkey-agent register --endpoint https://RELAY:8443 --ca ca.pem --activation-id ID --activation-code CODE

        [Unit]
        Description=Latchkey agent
        Documentation=man:latchkey-agent(1)
        Wants=network-online.target
        After=network-online.target
        ConditionPathExists=/var/lib/latchkey-agent/registration.json

        [Service]
        ExecStart=/usr/local/bin/latchkey-agent run
        Restart=always
        RestartSec=1
        # Sessions are shells of all kinds of users, who may become root by sudo: what is forbidden here would be forbidden to them.
        # What they left running in the background (tmux, nohup) is not the agent's, and survives it as it survives sshd; what belongs
        # to a session is hung up on by the agent itself.
        KillMode=process
        OOMPolicy=continue
        LimitCORE=0
        StateDirectory=latchkey-agent
        StateDirectoryMode=0700

        [Install]
        WantedBy=multi-user.target
        """#

    /// For any sh(1). It is all functions until its last line: cut off, it does nothing.
    static let text = #"""
        #!/bin/sh
        # Installs latchkey-agent on this machine and registers it: install URL ACTIVATION-ID ACTIVATION-CODE
        # The certificate of the server's authority lies beside it as ca.pem. DESTDIR puts everything below another folder, and
        # starts nothing.
        set -eu

        fail() {
            echo "install: error: $1" >&2
            exit 1
        }

        unit() {
            cat <<'END'
        \#(unit)
        END
        }

        main() {
            [ $# = 3 ] || fail 'it takes three words: URL ACTIVATION-ID ACTIVATION-CODE'
            url=$1 id=$2 code=$3
            [ -n "${DESTDIR-}" ] || [ "$(id -u)" = 0 ] || fail 'only root can install the agent'
            system="$(uname -s) $(uname -m)"
            [ "$system" = 'Linux \#(machine)' ] ||
                fail "the server's agent is for Linux \#(machine), and this machine is $system"
            program=${DESTDIR-}/usr/local/bin/latchkey-agent
            mkdir -p "${program%/*}"
            trap 'rm -f "$program.new"' EXIT
            # The code is not for other users of this machine to see, who see arguments.
            printf 'user = "%s:%s"\n' "$id" "$code" |
                curl -fsS --cacert ca.pem -K - -o "$program.new" "$url\#(AgentInstallation.programURLPath)" ||
                fail 'the server does not give the agent; is the activation still good, and latchkey-agent beside latchkeyd?'
            chmod 755 "$program.new"
            version=$("$program.new" --version) ||
                fail "the server's agent does not run here; it needs glibc and OpenSSL 3 (libssl3) as on the server"
            mv "$program.new" "$program"
            echo "install: latchkey-agent $version is at $program"
            LATCHKEY_ACTIVATION_CODE=$code "$program" register --endpoint "$url" --ca ca.pem --activation-id "$id" \
                ${DESTDIR:+--state "$DESTDIR/var/lib/latchkey-agent"}
            if [ -d /run/systemd/system ] && [ -z "${DESTDIR-}" ]; then
                unit >/etc/systemd/system/latchkey-agent.service
                systemctl daemon-reload
                systemctl enable --now latchkey-agent
                echo 'install: the service latchkey-agent runs'
            fi
        }

        main "$@"

        """#
}
