/*
 * The control of the secret scan: holds a random secret in a TkeSecret, with the argument "heap" also on the
 * ordinary heap; writes its bytes to standard output and waits until standard input is closed.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/process.h"
#include "common/secret.h"

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(TkeSecret) secret = NULL;
    g_autofree uint8_t *copy = NULL;
    char byte = 0;

    if (!tke_process_init(TKE_PROCESS_DUMPABLE, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    secret = tke_secret_new_random(32, &error);
    if (secret == NULL) {
        return 1;
    }
    if (argc > 1 && strcmp(argv[1], "heap") == 0) {
        copy = g_memdup2(tke_secret_bytes(secret, NULL), 32);
    }
    if (write(STDOUT_FILENO, tke_secret_bytes(secret, NULL), 32) != 32) {
        return 1;
    }
    return read(STDIN_FILENO, &byte, 1) < 0 || (copy != NULL && copy[0] == byte && byte != 0) ? 1
                                                                                              : 0;
}
