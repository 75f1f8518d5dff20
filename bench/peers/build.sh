#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds a peer that is a library and has no Debian package, from a checkout of its source, with the
# shortest program that answers as our models do: one thread, no log, 13 bytes of text/plain. The
# compiler may use whatever this CPU has, as the library's own build does. Or it builds the floors,
# bare loops from a checkout of this project. What was measured with:
#   libreactor  github.com/fredrikwidlund/libreactor  64afa5364c445736317e44e820a85f09aa88dfc0
#   lwan        github.com/lpereira/lwan              f04239215bfeaca0f34cbe21695dd3156d34c54c
#   facil       github.com/boazsegev/facil.io         47ef4eb714fa3cd1df76ca8fe6db02a4c707d884
# Debian packages: liburing-dev (floor), libssl-dev (libreactor), cmake and zlib1g-dev (lwan).
set -euo pipefail

usage() {
  echo "usage: build.sh floor|libreactor|lwan|facil CHECKOUT FOLDER: makes FOLDER/NAME-hello" >&2
  exit 64
}

if [ $# -ne 3 ] || [ ! -d "$2" ] || [ ! -d "$3" ]; then
  usage
fi
peer=$1 source=$(realpath "$2") program=$(realpath "$3")/$1-hello
fast=(-O3 -march=native -flto=auto -w)

build_floor() {
  cc -std=gnu17 "${fast[@]}" -o "$program" "$source/bench/peers/floor.c" -luring
}

build_libreactor() { # its server answers as fast as it can read; server_ok() writes Server and Date
  cc -x c -std=gnu2x "${fast[@]}" -I"$source/src" -o "$program" - \
    "$source"/src/picohttpparser/*.c "$source"/src/reactor/*.c -lssl -lcrypto -lpthread <<'C'
#include <reactor.h>

static void answer(reactor_event *event)
{
    server_ok((server_request *)event->data, data_string("text/plain"),
              data_string("Hello, world!"));
}

int main(int argc, char **argv)
{
    server server;
    char *port = argc > 1 ? argv[1] : "8080";

    reactor_construct();
    server_construct(&server, answer, NULL);
    server_open(&server,
                net_socket(net_resolve("127.0.0.1", port, AF_INET, SOCK_STREAM, AI_PASSIVE)), NULL);
    reactor_loop();
    return 0;
}
C
}

# It pins its threads by itself, the first to CPU 0: here they stay where they were put. Its other two
# threads, for jobs and read-ahead, sleep.
build_lwan() {
  local build
  build=$(mktemp -d)
  cmake -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release -DENABLE_BROTLI=OFF -DENABLE_ZSTD=OFF
  cmake --build "$build" --target lwan-static
  cc -x c -std=gnu11 "${fast[@]}" -include "$build/lwan-build-config.h" -I"$source/src/lib/missing" \
    -I"$source/src/lib" -o "$program" - -x none -Wl,-whole-archive "$build"/src/lib/liblwan.a \
    -Wl,-no-whole-archive -lz -lm -lpthread <<'C'
#include <lwan.h>
#include <pthread.h>
#include <stdio.h>

int pthread_setaffinity_np(pthread_t thread, size_t size, const cpu_set_t *set)
{
    (void)thread, (void)size, (void)set;
    return 0;
}

LWAN_HANDLER_ROUTE(hello, "/")
{
    request->flags |= RESPONSE_NO_EXPIRES;
    response->mime_type = "text/plain";
    lwan_strbuf_set_static(response->buffer, "Hello, world!", 13);
    return HTTP_OK;
}

int main(int argc, char **argv)
{
    char listener[32];
    struct lwan lwan;
    struct lwan_config config = *lwan_get_default_config();

    snprintf(listener, sizeof listener, "127.0.0.1:%s", argc > 1 ? argv[1] : "8080");
    config.listener = listener;
    config.n_threads = 1;
    config.keep_alive_timeout = 3600;
    config.quiet = true;
    lwan_init_with_config(&lwan, &config);
    lwan_detect_url_map(&lwan);
    lwan_main_loop(&lwan);
    lwan_shutdown(&lwan);
    return 0;
}
C
  rm -rf "$build"
}

# 255 s is the longest that it keeps an idle connection. Without a last-modified it would add one that
# says now, and no two answers would be the same.
build_facil() {
  local library=$source/lib/facil includes=() each
  for each in "" fiobj cli http http/parsers redis tls; do
    includes+=(-I"$library/$each")
  done
  cc -x c -std=gnu11 "${fast[@]}" "${includes[@]}" -o "$program" - "$library"/*.c "$library"/fiobj/*.c \
    "$library"/cli/*.c "$library"/http/*.c "$library"/redis/*.c "$library"/tls/*.c -lpthread -lm <<'C'
#include <fio.h>
#include <http.h>

static FIOBJ type, modified;

static void answer(http_s *request)
{
    http_set_header(request, HTTP_HEADER_CONTENT_TYPE, fiobj_dup(type));
    http_set_header(request, HTTP_HEADER_LAST_MODIFIED, fiobj_dup(modified));
    http_send_body(request, "Hello, world!", 13);
}

int main(int argc, char **argv)
{
    if (http_listen(argc > 1 ? argv[1] : "8080", "127.0.0.1", .on_request = answer,
                    .timeout = 255) == -1)
        return 1;
    type = fiobj_str_new("text/plain", 10);
    modified = fiobj_str_new("Thu, 01 Jan 2026 00:00:00 GMT", 29);
    fio_start(.threads = 1, .workers = 1);
    return 0;
}
C
}

case $peer in
floor | libreactor | lwan | facil) "build_$peer" ;;
*) usage ;;
esac
echo "$program is built; a run finds it when $(dirname "$program") is in PATH"
