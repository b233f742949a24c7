#!/bin/sh
# Writes the configuration of the machines of a cluster into folders n1, n2, …: each is /etc/maelstrom of one machine.
# Usage: ./configure.sh [--plain] ADDRESS ADDRESS ADDRESS, such as ./configure.sh 10.0.0.1 10.0.0.2 10.0.0.3
#
# Everything speaks TLS, and wants a certificate of the same authority from each client. With --plain nothing does: only
# for a network that nobody else can reach.
#
# Run again, it makes new certificates. The other files stay as they are if somebody has changed them, which it says.
set -eu

DAYS=3650 # for which the certificates are valid
plain=''

# Prints an item for each machine, with commas in between: $1 is a pattern, in which NAME and ADDRESS stand for its own.
each() {
  number=0
  for each in $addresses; do
    number=$((number + 1))
    [ "$number" = 1 ] || printf ,
    printf %s "$1" | sed "s/NAME/n$number/g; s/ADDRESS/$each/g"
  done
}

# Prints the addresses of etcd, with commas in between: first that of the machine $2, which clients ask first.
own_first() {
  printf %s "$1://$2:2379"
  for each in $addresses; do
    [ "$each" = "$2" ] || printf %s ",$1://$each:2379"
  done
}

# Creates the authority: its key stays in this folder, and is for further machines only.
create_authority() {
  [ ! -e ca.key ] || return 0
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days "$DAYS" -subj "/CN=maelstrom" \
    -keyout ca.key -out ca.pem 2>/dev/null
  chmod 600 ca.key
}

# Creates the certificate of a machine, for its servers and for its clients.
create_certificate() {
  case $2 in *[!0-9.]*) kind=DNS ;; *) kind=IP ;; esac
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$1" -keyout "$1/key.pem" \
    -out "$1/request.pem" 2>/dev/null
  printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$kind:$2,IP:127.0.0.1,DNS:localhost" \
    >"$1/extensions"
  openssl x509 -req -in "$1/request.pem" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$DAYS" \
    -extfile "$1/extensions" -out "$1/cert.pem" 2>/dev/null
  rm "$1/request.pem" "$1/extensions"
  cp ca.pem "$1/"
}

# Writes stdin to the file $1. One that is there and has something else was edited, or is for other addresses: it stays.
write() {
  cat >"$1.new"
  if [ ! -e "$1" ]; then
    mv "$1.new" "$1"
    return
  fi
  cmp -s "$1" "$1.new" || echo "configure.sh: kept $1, which has other settings: remove it to have it written anew" >&2
  rm "$1.new"
}

# Prints the configuration of nats-server on a machine.
nats() {
  cat <<END
server_name: $1
listen: "$2:4222"
http: "127.0.0.1:8222"
max_payload: 8388608
ping_interval: "5s"
ping_max: 2
jetstream { store_dir: "/var/lib/maelstrom-nats" }
cluster {
  name: maelstrom
  listen: "$2:6222"
  routes: [$(each "nats://ADDRESS:6222")]
END
  [ -n "$plain" ] || tls '  '
  echo '}'
  [ -n "$plain" ] || tls ''
}

tls() {
  cat <<END
$1tls {
$1  cert_file: "/etc/maelstrom/cert.pem"
$1  key_file: "/etc/maelstrom/key.pem"
$1  ca_file: "/etc/maelstrom/ca.pem"
$1  verify: true
$1}
END
}

# Prints the environment of etcd on a machine.
etcd() {
  cat <<END
ETCD_NAME=$1
ETCD_DATA_DIR=/var/lib/maelstrom-etcd
ETCD_LISTEN_CLIENT_URLS=$http://0.0.0.0:2379
ETCD_ADVERTISE_CLIENT_URLS=$http://$2:2379
ETCD_LISTEN_PEER_URLS=$http://0.0.0.0:2380
ETCD_INITIAL_ADVERTISE_PEER_URLS=$http://$2:2380
ETCD_INITIAL_CLUSTER=$(each "NAME=$http://ADDRESS:2380")
ETCD_LISTEN_METRICS_URLS=http://127.0.0.1:2381
ETCD_AUTO_COMPACTION_RETENTION=1h
ETCD_PRE_VOTE=true
ETCD_LOGGER=zap
END
  [ -n "$plain" ] || cat <<END
ETCD_CERT_FILE=/etc/maelstrom/cert.pem
ETCD_KEY_FILE=/etc/maelstrom/key.pem
ETCD_TRUSTED_CA_FILE=/etc/maelstrom/ca.pem
ETCD_CLIENT_CERT_AUTH=true
ETCD_PEER_CERT_FILE=/etc/maelstrom/cert.pem
ETCD_PEER_KEY_FILE=/etc/maelstrom/key.pem
ETCD_PEER_TRUSTED_CA_FILE=/etc/maelstrom/ca.pem
ETCD_PEER_CLIENT_CERT_AUTH=true
END
}

# Prints the environment of the project's part on a machine.
maelstrom() {
  cat <<END
CHALLENGE=kafka
NODES=$(each NAME)
NODE=$1
LISTEN=$2:7400
NATS_URL=$nats_scheme://$2:4222
ETCD_URL=$(own_first "$http" "$2")
END
  [ -n "$plain" ] || cat <<END
NATS_CA=/etc/maelstrom/ca.pem
NATS_CERT=/etc/maelstrom/cert.pem
NATS_KEY=/etc/maelstrom/key.pem
ETCD_CACERT=/etc/maelstrom/ca.pem
ETCD_CERT=/etc/maelstrom/cert.pem
ETCD_KEY=/etc/maelstrom/key.pem
END
}

if [ "${1:-}" = --plain ]; then
  plain=yes
  shift
fi
if [ $# -lt 3 ]; then
  echo "configure.sh: expected the addresses of three machines or more, such as 10.0.0.1 10.0.0.2 10.0.0.3" >&2
  exit 1
fi
addresses=$*
http=https nats_scheme=tls
[ -z "$plain" ] || http=http nats_scheme=nats
umask 077
[ -n "$plain" ] || create_authority
machine=0
for address in $addresses; do
  machine=$((machine + 1))
  name=n$machine
  mkdir -p "$name"
  [ -n "$plain" ] || create_certificate "$name" "$address"
  nats "$name" "$address" | write "$name/nats.conf"
  etcd "$name" "$address" | write "$name/etcd.env"
  maelstrom "$name" "$address" | write "$name/maelstrom.env"
  echo "$name: the files of $address"
done
