#!/usr/bin/env bash
# make_api_server.sh DIRECTORY [VERSION]: builds kube-apiserver and kube-controller-manager from their Go module.
#
# Needs Go, the Go modules of k8s.io and about 3 GB of disk. Takes minutes to an hour, too long for each test run: the
# tests find the result in $AIOPS_TEST_KUBE (a directory), on the PATH or in /opt/kube-test, and skip without it. etcd is
# a package of the system (etcd-server) or is put beside them.
set -euo pipefail
target=$(mkdir -p "$1" && cd "$1" && pwd); version=${2:-v1.34.4}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
cd "$work"
cat >go.mod <<END
module scratch

go 1.24.0

godebug default=go1.24

require k8s.io/kubernetes $version
END
# The module replaces its staging repositories by directories that are not part of it; as modules they are v0.x of v1.x.
source=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^.*"GoMod": "\(.*\)",$/\1/p')
sed -n "s#^\t\(k8s.io/[^ ]*\) => ./staging.*#replace \1 => \1 ${version/v1./v0.}#p" "$source" >>go.mod
cat >needed.go <<'END'
package scratch

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver/app"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)
END
minor=${version#v1.}
flags="-s -w -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1"
flags="$flags -X k8s.io/component-base/version.gitMinor=${minor%%.*}"
GOFLAGS=-mod=mod nice go build -p 2 -trimpath -ldflags "$flags" -o "$target/" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager
ls -l "$target"
