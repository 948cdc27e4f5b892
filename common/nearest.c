/*
 * What somebody meant who typed a word that there is not.
 */
#include "common/nearest.h"

#include <string.h>

#define FAR 4u       /* letters; further away is no help */
#define BEGIN 3u     /* so many letters may be the begin of a name */
#define BEGIN_FAR 2u /* and are as near as two wrong ones */

/* Edit distance (Levenshtein). */
static unsigned
distance(const char *a, const char *b)
{
    size_t n = strlen(b);
    g_autofree unsigned *row = g_new(unsigned, n + 1);

    for (size_t j = 0; j <= n; j++) {
        row[j] = (unsigned) j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        unsigned diagonal = row[0];

        row[0] = (unsigned) i + 1;
        for (size_t j = 0; j < n; j++) {
            unsigned above = row[j + 1];
            unsigned change = diagonal + (a[i] == b[j] ? 0 : 1);

            row[j + 1] = MIN(change, MIN(above, row[j]) + 1);
            diagonal = above;
        }
    }
    return row[n];
}

const char *
tke_nearest_name(const char *typed, const char *const *names)
{
    const char *best = NULL;
    unsigned least = FAR;

    for (; *names != NULL; names++) {
        unsigned d = distance(typed, *names);

        if (strlen(typed) >= BEGIN && g_str_has_prefix(*names, typed)) {
            d = MIN(d, BEGIN_FAR);
        }
        if (d < least && 2 * d <= strlen(*names)) {
            least = d;
            best = *names;
        }
    }
    return best;
}
