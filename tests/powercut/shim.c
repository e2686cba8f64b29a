/*
 * What a process does to the files of one folder, written down in its order: with it, every disk image can be made that
 * a power cut could have left. For LD_PRELOAD, which puts these functions before those of the C library.
 *
 * POWERCUT_FOLDER   whose files are watched, as an absolute path without links
 * POWERCUT_JOURNAL  where it is written down, outside of that folder
 *
 * A record is a line `kind offset length name`, then so many bytes. Kinds: w(rite), t(runcate, to the offset), s(ync),
 * u(nlink), r(ename; the bytes are the new name). The name is inside the folder, and empty for the folder itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define PATH 4096

/* Held over the deed and its record, so that the journal has them in the order in which they happened. */
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static int journal = -1;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static int (*real_truncate)(int, off64_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);

__attribute__((constructor)) static void start(void)
{
    *(void **)&real_write = dlsym(RTLD_NEXT, "write");
    *(void **)&real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    *(void **)&real_truncate = dlsym(RTLD_NEXT, "ftruncate64");
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **)&real_unlink = dlsym(RTLD_NEXT, "unlink");
    *(void **)&real_rename = dlsym(RTLD_NEXT, "rename");
    folder = getenv("POWERCUT_FOLDER");
    if (folder != NULL && getenv("POWERCUT_JOURNAL") != NULL)
        journal = open(getenv("POWERCUT_JOURNAL"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The name inside the folder; NULL for what lies elsewhere. */
static const char *inside(const char *path)
{
    size_t length = journal < 0 ? 0 : strlen(folder);
    if (length == 0 || strncmp(path, folder, length) != 0)
        return NULL;
    return path[length] == '/' ? path + length + 1 : path[length] == '\0' ? "" : NULL;
}

static const char *name_of(int fd, char path[PATH])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = journal < 0 ? -1 : readlink(link, path, PATH - 1);
    if (length < 0)
        return NULL;
    path[length] = '\0';
    return inside(path);
}

static void record(char kind, const char *name, off64_t offset, const void *data, size_t length)
{
    char head[PATH + 64];
    int size = snprintf(head, sizeof head, "%c %lld %zu %s\n", kind, (long long)offset, length, name);
    struct iovec parts[] = {{head, (size_t)size}, {(void *)data, length}};
    if (writev(journal, parts, 2) != (ssize_t)(size + length))
        abort(); /* a journal with a hole would prove nothing */
}

ssize_t write(int fd, const void *data, size_t length)
{
    char path[PATH];
    const char *name = name_of(fd, path);
    if (name == NULL)
        return real_write(fd, data, length);
    pthread_mutex_lock(&busy);
    ssize_t written = real_write(fd, data, length);
    if (written > 0) /* behind it, wherever it began: O_APPEND moves there by itself */
        record('w', name, lseek64(fd, 0, SEEK_CUR) - written, data, (size_t)written);
    pthread_mutex_unlock(&busy);
    return written;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    char path[PATH];
    const char *name = name_of(fd, path);
    pthread_mutex_lock(&busy);
    ssize_t written = real_pwrite(fd, data, length, offset);
    if (name != NULL && written > 0)
        record('w', name, offset, data, (size_t)written);
    pthread_mutex_unlock(&busy);
    return written;
}

int ftruncate64(int fd, off64_t length)
{
    char path[PATH];
    const char *name = name_of(fd, path);
    pthread_mutex_lock(&busy);
    int failed = real_truncate(fd, length);
    if (name != NULL && !failed)
        record('t', name, length, NULL, 0);
    pthread_mutex_unlock(&busy);
    return failed;
}

static int synced(int fd, int (*real_sync)(int))
{
    char path[PATH];
    const char *name = name_of(fd, path);
    pthread_mutex_lock(&busy);
    int failed = real_sync(fd);
    if (name != NULL && !failed)
        record('s', name, 0, NULL, 0);
    pthread_mutex_unlock(&busy);
    return failed;
}

int fsync(int fd) { return synced(fd, real_fsync); }

int fdatasync(int fd) { return synced(fd, real_fdatasync); }

int unlink(const char *path)
{
    const char *name = inside(path);
    pthread_mutex_lock(&busy);
    int failed = real_unlink(path);
    if (name != NULL && !failed)
        record('u', name, 0, NULL, 0);
    pthread_mutex_unlock(&busy);
    return failed;
}

int rename(const char *from, const char *to)
{
    const char *name = inside(from), *new_name = inside(to);
    pthread_mutex_lock(&busy);
    int failed = real_rename(from, to);
    if (name != NULL && new_name != NULL && !failed)
        record('r', name, 0, new_name, strlen(new_name));
    pthread_mutex_unlock(&busy);
    return failed;
}

/* Off the Linux mainline these are functions of their own; SQLite is built with either. */
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }
