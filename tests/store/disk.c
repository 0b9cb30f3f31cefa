/* A disk that fails: preloaded, it counts what a process does to the files of one folder, and fails the n-th of it.
   It sees Python, pyarrow and DuckDB alike, for all call the C library. See disk.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char folder[4096], last[4200];
static long done, fails_at;
static int code, for_good;

/* From now on count in `place`; the `at`-th touch (0: none) fails with `error`, and with `lasting` all further ones
   that need room on the disk do too. */
void disk_arm(const char *place, long at, int error, int lasting) {
    snprintf(folder, sizeof folder, "%s", place);
    done = 0, fails_at = at, code = error, for_good = lasting;
}
long disk_touched(void) { return done; }
const char *disk_failed(void) { return last; }

static int fails(const char *what, const char *path, int takes_room) {
    if (!folder[0] || strncmp(path, folder, strlen(folder))) return 0;
    long now = __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    if (!fails_at || now < fails_at || (now > fails_at && !(for_good && takes_room))) return 0;
    if (for_good && !takes_room) return 0;
    if (now == fails_at || !last[0]) snprintf(last, sizeof last, "%s %s", what, path + strlen(folder));
    errno = code;
    return 1;
}

static int fails_at_file(const char *what, int descriptor) {
    char link[64], path[4096];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(what, path, 1);
}

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define BY_FILE(type, name, arguments, ...) \
    type name arguments { REAL(name); return fails_at_file(#name, descriptor) ? -1 : real(__VA_ARGS__); }
#define BY_PATH(name, room, place, arguments, ...) \
    int name arguments { REAL(name); return fails(#name, place, room) ? -1 : real(__VA_ARGS__); }
#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
        return (flags & O_CREAT) && fails(#name, path, 1) ? -1 : real(path, flags, mode); }

BY_FILE(ssize_t, write, (int descriptor, const void *data, size_t size), descriptor, data, size)
BY_FILE(ssize_t, writev, (int descriptor, const struct iovec *data, int size), descriptor, data, size)
BY_FILE(ssize_t, pwrite, (int descriptor, const void *data, size_t size, off_t at), descriptor, data, size, at)
BY_FILE(ssize_t, pwrite64, (int descriptor, const void *data, size_t size, off64_t at), descriptor, data, size, at)
BY_FILE(int, fsync, (int descriptor), descriptor)
BY_FILE(int, fdatasync, (int descriptor), descriptor)
BY_FILE(int, ftruncate, (int descriptor, off_t size), descriptor, size)
BY_FILE(int, ftruncate64, (int descriptor, off64_t size), descriptor, size)
BY_PATH(rename, 1, to, (const char *from, const char *to), from, to)
BY_PATH(link, 1, to, (const char *from, const char *to), from, to)
BY_PATH(linkat, 1, to, (int at, const char *from, int there, const char *to, int flags), at, from, there, to, flags)
BY_PATH(mkdir, 1, path, (const char *path, mode_t mode), path, mode)
BY_PATH(unlink, 0, path, (const char *path), path)
BY_PATH(rmdir, 0, path, (const char *path), path)
OPEN(open)
OPEN(open64)
