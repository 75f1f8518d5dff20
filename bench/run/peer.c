/* SPDX-License-Identifier: MIT */
#include "bench/run/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/machine/meter.h"
#include "bench/base/places.h"
#include "bench/base/say.h"
#include "bench/base/text.h"
#include "bench/record/trial.h"

enum {
    READY_LIMIT_MS = 10000, /* more than a model gets: some interpreters need seconds */
    VERSION_LIMIT_MS = 5000,
    BODY_LIMIT = PROBE_ROOM / 2, /* the probe has to hold the head as well */
    FOLDERS_OPEN = 8
};

/* How a port of the kernel's choice is asked for, and how one is tried. */
static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = loopback(0);
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool found = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                 getsockname(fd, (struct sockaddr *)&address, &length) == 0;
    if (fd >= 0)
        close(fd);
    return found ? ntohs(address.sin_port) : 0;
}

static bool port_answers(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers = fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return answers;
}

static uint64_t files_allowed(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

/* Writes what the placeholder at `text` stands for; returns its length, or 0 when it is none. */
static size_t fill_one(FILE *out, const char *text, const struct peer_place *place)
{
    static const char *const names[] = {"{port}", "{folder}", "{dir}", "{files}"};
    size_t which = 0, count = sizeof names / sizeof *names;
    while (which < count && strncmp(text, names[which], strlen(names[which])) != 0)
        which++;
    if (which == count)
        return 0;
    if (which == 0)
        fprintf(out, "%u", (unsigned)place->port);
    else if (which == 3)
        fprintf(out, "%" PRIu64, files_allowed());
    else
        fputs(which == 1 ? place->folder : place->dir, out);
    return strlen(names[which]);
}

char *peer_fill(const char *text, const struct peer_place *place)
{
    char *filled = NULL;
    size_t size;
    FILE *out = open_memstream(&filled, &size);
    if (!out)
        say_and_exit("out of memory");
    while (*text) {
        size_t length = fill_one(out, text, place);
        if (length == 0)
            fputc(*text, out);
        text += length ? length : 1;
    }
    if (fclose(out))
        say_and_exit("out of memory");
    return filled;
}

static bool write_file(const struct peer_place *place, const char *name, const char *text)
{
    char *path = text_format("%s/%s", place->folder, name);
    char *content = peer_fill(text, place);
    bool written = text_write(path, content);
    free(content);
    free(path);
    return written;
}

static char *read_template(const struct peer *peer, size_t i)
{
    char *path =
        text_format("%s/%s", peer->dir, json_string_value(json_array_get(peer->templates, i)));
    char *text = text_read(path);
    free(path);
    return text;
}

static bool write_files(const struct peer *peer, const struct peer_place *place)
{
    const char *name;
    json_t *content;
    json_object_foreach((json_t *)peer->files, name, content)
    {
        if (!write_file(place, name, json_string_value(content)))
            return false;
    }
    for (size_t i = 0; i < json_array_size(peer->templates); i++) {
        char *text = read_template(peer, i);
        bool written =
            text && write_file(place, json_string_value(json_array_get(peer->templates, i)), text);
        free(text);
        if (!written)
            return false;
    }
    return true;
}

/* Started by root some servers go on as another user, who has to be able to read there. */
static bool make_folder(struct peer_place *place)
{
    const char *parent = getenv("TMPDIR");
    place->folder = text_format("%s/c10kit-peer-XXXXXX", parent ? parent : "/tmp");
    if (mkdtemp(place->folder))
        return chmod(place->folder, 0755) == 0;
    free(place->folder);
    place->folder = NULL;
    return false;
}

bool peer_settle(const struct peer *peer, struct peer_place *place)
{
    *place = (struct peer_place){.dir = peer->dir, .port = free_port()};
    return place->port != 0 && make_folder(place) && write_files(peer, place);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status, (void)kind, (void)at;
    return remove(path);
}

void peer_leave(struct peer_place *place)
{
    if (place->folder)
        nftw(place->folder, remove_entry, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS);
    free(place->folder);
    place->folder = NULL;
}

char **peer_command(const struct peer *peer, const struct peer_place *place)
{
    size_t count = json_array_size(peer->start);
    char **command = text_allocate(count + 1, sizeof *command);
    command[0] = text_copy(peer->program);
    for (size_t i = 1; i < count; i++)
        command[i] = peer_fill(json_string_value(json_array_get(peer->start, i)), place);
    command[count] = NULL;
    return command;
}

void peer_free_command(char **command)
{
    for (char **word = command; *word; word++)
        free(*word);
    free(command);
}

static bool is_ready(const struct peer *peer, const struct peer_place *place,
                     const struct child *child)
{
    if (!peer->ready_line)
        return port_answers(place->port);
    return strstr(child->output.at, peer->ready_line) || strstr(child->errors.at, peer->ready_line);
}

bool peer_wait_ready(const struct peer *peer, const struct peer_place *place, struct child *child)
{
    int64_t end_us = meter_clock_us() + (int64_t)READY_LIMIT_MS * 1000;
    while (!loop_interrupted() && !child->exited && meter_clock_us() < end_us) {
        if (is_ready(peer, place, child))
            return true;
        loop_pause(1);
    }
    return false;
}

/* Daemons lie in directories that are not in everybody's PATH. */
static char *find_program(const struct peer *peer)
{
    static const char *const more[] = {"/usr/local/sbin", "/usr/sbin", "/sbin"};
    const struct peer_place place = {.folder = (char *)"", .dir = peer->dir};
    char *name = peer_fill(json_string_value(json_array_get(peer->start, 0)), &place);
    char *found = strchr(name, '/') ? text_copy(name) : text_find_program(name);
    for (size_t i = 0; !found && i < sizeof more / sizeof *more; i++) {
        found = text_format("%s/%s", more[i], name);
        if (access(found, X_OK) == 0)
            break;
        free(found);
        found = NULL;
    }
    if (found && access(found, X_OK) != 0) {
        free(found);
        found = NULL;
    }
    free(name);
    return found;
}

static char *ask_version(const struct peer *peer)
{
    struct child child;
    const json_t *arguments = peer->version_words;
    size_t count = json_array_size(arguments);
    char **command = text_allocate(count + 2, sizeof *command);
    char *line = text_copy("");
    command[0] = peer->program;
    for (size_t i = 0; i < count; i++)
        command[i + 1] = (char *)json_string_value(json_array_get(arguments, i));
    command[count + 1] = NULL;
    if (count > 0 && child_start(&child, command) == 0 &&
        child_wait_exit(&child, VERSION_LIMIT_MS, LOOP_INTERRUPTIBLE)) {
        const char *said = child.output.used ? child.output.at : child.errors.at;
        free(line);
        line = text_format("%.*s", (int)strcspn(said, "\n"), said);
    }
    if (count > 0)
        child_finish(&child);
    free(command);
    return line;
}

/* A name becomes part of file names and tables. */
static bool is_name(const char *name)
{
    size_t length = strlen(name);
    return length > 0 && length < TRIAL_NAME_SIZE &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* What is left out is as good. */
static bool is_list_of_texts(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_is_string(json_array_get(list, i)))
            return false;
    return !list || json_is_array(list);
}

static bool is_map_of_texts(const json_t *map)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)map, key, value)
    {
        if (!json_is_string(value))
            return false;
    }
    return !map || json_is_object(map);
}

/* What both the probe and the generator's URL can hold as it stands. */
static bool is_path(const char *path)
{
    for (const char *at = path; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return *path == '/';
}

static const char *objection(const struct peer *peer)
{
    const struct probe_question *question = &peer->question;
    if (!is_name(peer->name))
        return "\"name\" has to be a short word of a-z, 0-9 and -";
    if (json_array_size(peer->start) == 0 || !is_list_of_texts(peer->start))
        return "\"start\" has to be a list of words, the program first";
    if (!is_map_of_texts(peer->files) || !is_list_of_texts(peer->templates) ||
        !is_list_of_texts(peer->version_words))
        return "\"files\" maps names to texts; \"templates\" and \"version\" are lists of texts";
    if (!is_path(question->path))
        return "\"path\" has to start with / and hold visible ASCII characters only";
    if (question->body_length == 0 || question->body_length > BODY_LIMIT)
        return "\"body\", or else \"body_bytes\", has to be there, of 1 to 2048 bytes";
    if (peer->stop_signal == 0)
        return "\"stop\" has to be TERM, INT, QUIT or USR1";
    return NULL;
}

/* 0 when it is none of those that servers are stopped by. */
static int signal_of(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"USR1", SIGUSR1}};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    return 0;
}

/* Strict, so that a misspelt key is named and not passed over. */
static bool unpack(struct peer *peer, const char *path)
{
    json_error_t error;
    json_int_t body_bytes = 0;
    const char *stop = "TERM";
    struct probe_question *question = &peer->question;
    peer->title = "";
    question->path = "/";
    peer->description = json_load_file(path, 0, &error);
    if (!peer->description ||
        json_unpack_ex(peer->description, &error, JSON_STRICT,
                       "{s:s, s:o, s?s, s?s, s?s, s?o, s?o, s?o, s?s, s?s, s?s, s?I, s?s}", "name",
                       &peer->name, "start", &peer->start, "title", &peer->title, "package",
                       &peer->package, "build", &peer->build, "version", &peer->version_words,
                       "files", &peer->files, "templates", &peer->templates, "ready_line",
                       &peer->ready_line, "path", &question->path, "body", &question->body,
                       "body_bytes", &body_bytes, "stop", &stop) < 0) {
        say("%s: line %d: %s", path, error.line, error.text);
        return false;
    }
    question->body_length = body_bytes > 0 ? (size_t)body_bytes : 0;
    peer->stop_signal = signal_of(stop);
    if (question->body)
        question->body_length = strlen(question->body);
    return true;
}

static void say_what_is_missing(const struct peer *peer)
{
    const char *program = json_string_value(json_array_get(peer->start, 0));
    if (peer->build)
        say("peer %s is left out: %s is not installed; %s makes it", peer->name, program,
            peer->build);
    else
        say("peer %s is left out: %s is not installed%s%s", peer->name, program,
            peer->package ? "; Debian package " : "", peer->package ? peer->package : "");
}

static bool understand(struct peer *peer, const char *path)
{
    if (!unpack(peer, path))
        return false;
    const char *wrong = objection(peer);
    if (wrong) {
        say("%s: %s", path, wrong);
        return false;
    }
    peer->program = find_program(peer);
    if (peer->program)
        peer->version = ask_version(peer);
    else
        say_what_is_missing(peer);
    return peer->program != NULL;
}

/* In the order of the alphabet; globfree() is due. */
static void find_all(glob_t *all)
{
    char *folder = places_data("peers");
    char *pattern = text_format("%s/*/peer.json", folder);
    if (glob(pattern, 0, NULL, all) != 0)
        all->gl_pathc = 0;
    free(pattern);
    free(folder);
}

/* "h2o" of ".../h2o/peer.json". The caller's to free. */
static char *folder_name(const char *path)
{
    char *folder = text_format("%.*s", (int)(strrchr(path, '/') - path), path);
    char *name = text_copy(strrchr(folder, '/') + 1);
    free(folder);
    return name;
}

static void say_which_there_are(const char *wanted)
{
    glob_t all;
    char *names = text_copy("");
    find_all(&all);
    for (size_t i = 0; i < all.gl_pathc; i++) {
        char *name = folder_name(all.gl_pathv[i]);
        char *longer = text_format("%s %s", names, name);
        free(name);
        free(names);
        names = longer;
    }
    say("no peer %s; there are:%s, and any peer.json of yours, by its path", wanted, names);
    globfree(&all);
    free(names);
}

bool peer_read(struct peer *peer, const char *name)
{
    char *file = text_format("peers/%s/peer.json", name);
    char *given = strchr(name, '/') ? text_copy(name) : places_data(file);
    char *path = realpath(given, NULL);
    bool understood = false;
    *peer = (struct peer){.name = ""};
    if (path) {
        peer->dir = text_format("%.*s", (int)(strrchr(path, '/') - path), path);
        understood = understand(peer, path);
    } else if (strchr(name, '/')) {
        say("cannot read %s: %s", name, strerror(errno));
    } else {
        say_which_there_are(name);
    }
    free(path);
    free(given);
    free(file);
    return understood;
}

void peer_finish(struct peer *peer)
{
    json_decref(peer->description);
    free(peer->dir);
    free(peer->program);
    free(peer->version);
    *peer = (struct peer){.name = ""};
}

json_t *peer_to_json(const struct peer *peer)
{
    json_t *texts = json_object();
    for (size_t i = 0; i < json_array_size(peer->templates); i++) {
        char *text = read_template(peer, i);
        json_object_set_new(texts, json_string_value(json_array_get(peer->templates, i)),
                            text ? json_string(text) : json_null());
        free(text);
    }
    return json_pack("{s:O, s:s, s:s, s:o}", "description", peer->description, "program",
                     peer->program, "version", peer->version, "templates", texts);
}

static size_t slot_of_others(const char *name)
{
    static struct {
        char **names;
        size_t count;
    } others;
    size_t slot = 0;
    while (slot < others.count && strcmp(others.names[slot], name) != 0)
        slot++;
    if (slot == others.count) {
        others.names = text_reallocate(others.names, ++others.count, sizeof *others.names);
        others.names[slot] = text_copy(name);
    }
    return slot;
}

size_t peer_slot(const char *name)
{
    glob_t all;
    find_all(&all);
    char *end = text_format("/%s/peer.json", name);
    size_t slot = 0, count = all.gl_pathc;
    while (slot < count && !strstr(all.gl_pathv[slot], end))
        slot++;
    free(end);
    globfree(&all);
    return slot < count ? slot : count + slot_of_others(name);
}
