/*
 * Bearer tokens of the service. Only their hashes are kept, in memory; every process starts
 * without any.
 */
#include "simulator/sim-service-internal.h"

#include <string.h>

#include "common/digest.h"
#include "common/hex.h"

#define TOKEN_PREFIX "Bearer "
#define RANDOM_LEN 32u

/* Hex SHA-256 of a token without its prefix; the caller frees. */
static char *
hash_token(const uint8_t *token, size_t len)
{
    uint8_t hash[TKE_SHA256_LEN] = { 0 };
    size_t prefix = strlen(TOKEN_PREFIX);

    if (len > prefix && memcmp(token, TOKEN_PREFIX, prefix) == 0) {
        token += prefix;
        len -= prefix;
    }
    return tke_digest_sha256(token, len, hash, NULL) ? tke_hex_encode(hash, sizeof hash) : NULL;
}

bool
sim_service_check_token(SimService *service, const char *authorization)
{
    g_autofree char *hash = NULL;
    const gint64 *end = NULL;
    bool ok = false;

    if (authorization == NULL) {
        return false;
    }
    hash = hash_token((const uint8_t *) authorization, strlen(authorization));
    if (hash == NULL) {
        return false;
    }
    g_mutex_lock(&service->lock);
    end = g_hash_table_lookup(service->tokens, hash);
    ok = end != NULL && *end > g_get_monotonic_time();
    g_mutex_unlock(&service->lock);
    return ok;
}

/* For g_hash_table_foreach_remove: tokens that have expired by now. */
static gboolean
has_expired(gpointer hash, gpointer end, gpointer now)
{
    (void) hash;
    return *(const gint64 *) end <= *(const gint64 *) now;
}

TkeSecret *
sim_service_new_token(SimService *service, unsigned lifetime_s, GError **error)
{
    static const char digits[] = "0123456789abcdef";
    const size_t prefix = strlen(TOKEN_PREFIX);
    g_autoptr(TkeSecret) random = tke_secret_new_random(RANDOM_LEN, error);
    g_autoptr(TkeSecret) token =
        random == NULL ? NULL : tke_secret_new(prefix + 2 * RANDOM_LEN, error);
    const uint8_t *from = NULL;
    uint8_t *to = NULL;
    gint64 now = g_get_monotonic_time();
    gint64 end = now;

    if (token == NULL) {
        return NULL;
    }
    from = tke_secret_bytes(random, NULL);
    to = tke_secret_fill(token, NULL);
    memcpy(to, TOKEN_PREFIX, prefix);
    for (size_t i = 0; i < RANDOM_LEN; i++) {
        to[prefix + 2 * i] = (uint8_t) digits[from[i] >> 4];
        to[prefix + 2 * i + 1] = (uint8_t) digits[from[i] & 0x0f];
    }
    end += (gint64) (lifetime_s == 0 ? SIM_SERVICE_TOKEN_LIFETIME_S : lifetime_s) * G_USEC_PER_SEC;
    g_mutex_lock(&service->lock);
    g_hash_table_foreach_remove(service->tokens, has_expired, &now);
    g_hash_table_insert(service->tokens, hash_token(to, tke_secret_len(token)),
                        g_memdup2(&end, sizeof end));
    g_mutex_unlock(&service->lock);
    return g_steal_pointer(&token);
}

void
sim_service_expire_tokens(SimService *service)
{
    g_mutex_lock(&service->lock);
    g_hash_table_remove_all(service->tokens);
    g_mutex_unlock(&service->lock);
}
