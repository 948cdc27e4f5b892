/*
 * Everything that must stay secret in a world: key parts, private keys and PINs of its cards,
 * master keys and private keys of its crypto units, as its files hold them now.
 */
#pragma once

#include <glib.h>

typedef struct WorldSecrets WorldSecrets;

/* The world in this directory, which a running tke-sim serves. */
WorldSecrets *world_secrets_new(const char *directory);
void world_secrets_free(WorldSecrets *secrets);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WorldSecrets, world_secrets_free)

/* Reads what has changed; what was a secret once remains one. Borrowed: needles of
 * memory-scan.h. */
GPtrArray *world_secrets_update(WorldSecrets *secrets);

/* How many different values are known. */
unsigned world_secrets_count(const WorldSecrets *secrets);
