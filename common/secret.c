/*
 * Secrets on OpenSSL's secure heap. The heap is one mapping between guard pages, locked and left
 * out of core dumps; OpenSSL keeps private keys and its random generators there as well. A full
 * arena returns NULL and never falls back, but an arena that was not set up does: hence the check
 * of heap.ready.
 */
#include "common/secret.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "common/error.h"
#include "common/openssl.h"

#define MIN_BLOCK 16u

struct TkeSecret {
    uint8_t *bytes; /* on the secure heap */
    size_t len;
};

static struct {
    GMutex lock;
    void *arena; /* start of the locked mapping */
    pid_t pid;   /* process that holds the lock: fork() keeps the heap but not the lock */
    int ready;   /* atomic */
} heap;

static void
set_lock_error(GError **error, int reason)
{
    struct rlimit limit = { 0 };

    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur < TKE_SECRET_HEAP_SIZE) {
        g_set_error(
            error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY,
            _("cannot lock %u bytes of memory for secrets: the limit of this process is %llu "
              "bytes; raise it with \"ulimit -l 1024\" or in /etc/security/limits.conf"),
            TKE_SECRET_HEAP_SIZE, (unsigned long long) limit.rlim_cur);
        return;
    }
    g_set_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY,
                _("cannot lock %u bytes of memory for secrets: %s; check \"ulimit -l\""),
                TKE_SECRET_HEAP_SIZE, g_strerror(reason != 0 ? reason : ENOMEM));
}

/* In a child made by fork() the inherited heap is there, but no longer locked. */
static bool
lock_in_child(GError **error)
{
    /* mlock() itself does nothing in a program built with AddressSanitizer. */
    if (mlock2(heap.arena, TKE_SECRET_HEAP_SIZE, 0) != 0) {
        set_lock_error(error, errno);
        return false;
    }
    heap.pid = getpid();
    return true;
}

static bool
set_up_heap(GError **error)
{
    int result = 0;

    if (CRYPTO_secure_malloc_initialized() == 1) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY,
                    _("the memory for secrets was set up by another part of the program"));
        return false;
    }
    errno = 0;
    result = CRYPTO_secure_malloc_init(TKE_SECRET_HEAP_SIZE, MIN_BLOCK);
    if (result != 1) { /* 2: usable, but neither locked nor guarded */
        int reason = errno;

        if (result == 2) {
            CRYPTO_secure_malloc_done();
        }
        set_lock_error(error, reason);
        return false;
    }
    /* While the arena is empty, a block as large as all of it tells where it begins. */
    heap.arena = OPENSSL_secure_malloc(TKE_SECRET_HEAP_SIZE);
    OPENSSL_secure_free(heap.arena);
    heap.pid = getpid();
    return true;
}

bool
tke_secret_heap_init(GError **error)
{
    bool ok = true;

    g_mutex_lock(&heap.lock);
    if (g_atomic_int_get(&heap.ready) == 0) {
        ok = set_up_heap(error);
        g_atomic_int_set(&heap.ready, ok ? 1 : 0);
    } else if (heap.pid != getpid()) {
        ok = lock_in_child(error);
    }
    g_mutex_unlock(&heap.lock);
    return ok;
}

TkeSecret *
tke_secret_new(size_t len, GError **error)
{
    TkeSecret *secret = NULL;
    uint8_t *bytes = NULL;

    if (len == 0 || len > TKE_SECRET_MAX) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY,
                    _("a secret of %zu bytes is not possible"), len);
        return NULL;
    }
    if (g_atomic_int_get(&heap.ready) == 0) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY,
                    _("the locked memory for secrets was not set up"));
        return NULL;
    }
    bytes = OPENSSL_secure_zalloc(len);
    if (bytes == NULL) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_SECURE_MEMORY,
                    _("the locked memory for secrets (%u bytes) is used up"), TKE_SECRET_HEAP_SIZE);
        return NULL;
    }
    secret = g_new0(TkeSecret, 1);
    secret->bytes = bytes;
    secret->len = len;
    return secret;
}

TkeSecret *
tke_secret_new_random(size_t len, GError **error)
{
    g_autoptr(TkeSecret) secret = tke_secret_new(len, error);

    if (secret == NULL) {
        return NULL;
    }
    if (RAND_priv_bytes(secret->bytes, (int) len) != 1) {
        tke_openssl_set_error(error, _("no random numbers"));
        return NULL;
    }
    return g_steal_pointer(&secret);
}

TkeSecret *
tke_secret_new_from(const uint8_t *bytes, size_t len, GError **error)
{
    TkeSecret *secret = NULL;

    g_return_val_if_fail(bytes != NULL, NULL);

    secret = tke_secret_new(len, error);
    if (secret != NULL) {
        memcpy(secret->bytes, bytes, len);
    }
    return secret;
}

TkeSecret *
tke_secret_new_slice(const TkeSecret *secret, size_t offset, size_t len, GError **error)
{
    g_return_val_if_fail(secret != NULL, NULL);

    if (len == 0 || offset > secret->len || len > secret->len - offset) {
        g_set_error(error, TKE_ERROR, TKE_ERROR_INVALID_DATA,
                    _("secret data are shorter than they must be"));
        return NULL;
    }
    return tke_secret_new_from(secret->bytes + offset, len, error);
}

const uint8_t *
tke_secret_bytes(const TkeSecret *secret, size_t *len)
{
    g_return_val_if_fail(secret != NULL, NULL);

    if (len != NULL) {
        *len = secret->len;
    }
    return secret->bytes;
}

uint8_t *
tke_secret_fill(TkeSecret *secret, size_t *len)
{
    g_return_val_if_fail(secret != NULL, NULL);

    if (len != NULL) {
        *len = secret->len;
    }
    return secret->bytes;
}

size_t
tke_secret_len(const TkeSecret *secret)
{
    g_return_val_if_fail(secret != NULL, 0);

    return secret->len;
}

bool
tke_secret_equal(const TkeSecret *a, const TkeSecret *b)
{
    g_return_val_if_fail(a != NULL && b != NULL, false);

    return a->len == b->len && tke_bytes_equal(a->bytes, b->bytes, a->len);
}

void
tke_secret_xor(TkeSecret *a, const TkeSecret *b)
{
    g_return_if_fail(a != NULL && b != NULL && a->len == b->len);

    for (size_t i = 0; i < a->len; i++) {
        a->bytes[i] = (uint8_t) (a->bytes[i] ^ b->bytes[i]);
    }
}

void
tke_secret_free(TkeSecret *secret)
{
    if (secret == NULL) {
        return;
    }
    OPENSSL_secure_clear_free(secret->bytes, secret->len);
    g_free(secret);
}

bool
tke_bytes_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
