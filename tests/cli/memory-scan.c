/*
 * /proc/PID/smaps tells the mappings, pagemap which pages are there, mem what is in them.
 */
#include "tests/cli/memory-scan.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/hex.h"

#define PIN_BLOCK 8u /* ASCII, filled up (card-protocol.md) */
#define PIN_FILL 0xFF
#define LIMB 8u /* bytes of a word of OpenSSL's numbers on 64-bit machines */
#define LIMBS 17u
#define NUMBER_MIN 16u /* shorter values are no keys */
#define CHUNK_PAGES 256u
#define PAGE_PRESENT_OR_SWAPPED (3ull << 62)
/* simulator/sim-service-tokens.c */
#define TOKEN_PREFIX "Bearer "
#define TOKEN_DIGITS 64u
/* A sanitizer's shadow, terabytes with hardly a page in it; it holds no values of the program. */
#define SHADOW_MIN (1ull << 33)

#if defined(__clang__) || defined(__GNUC__)
#define FAST __attribute__((no_sanitize("address", "undefined")))
#else
#define FAST
#endif

typedef struct Mapping {
    uint64_t start;
    uint64_t end;
    bool writable;
    bool locked;
    char *name;
} Mapping;

static void
needle_free(Needle *needle)
{
    g_free(needle->what);
    g_free(needle);
}

GPtrArray *
memory_scan_needles_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) needle_free);
}

static void
add_one(GPtrArray *needles, const char *what, const uint8_t *bytes, size_t len, bool digits)
{
    Needle *needle = g_new0(Needle, 1);

    needle->what = g_strdup(what);
    needle->len = MIN(len, sizeof needle->bytes);
    needle->digits = digits;
    memcpy(needle->bytes, bytes, needle->len);
    g_ptr_array_add(needles, needle);
}

/* As OpenSSL keeps the scalar of a key: words, the least significant first, each as the machine
 * writes it. The incomplete word at the end is left out. */
static void
add_number(GPtrArray *needles, const char *what, const uint8_t *bytes, size_t len)
{
    uint8_t words[LIMBS * LIMB];
    const size_t n = MIN(len / LIMB, LIMBS);

    for (size_t i = 0; i < n; i++) {
        uint64_t word = 0;

        memcpy(&word, bytes + len - (i + 1) * LIMB, LIMB);
        word = GUINT64_FROM_BE(word);
        memcpy(words + i * LIMB, &word, LIMB);
    }
    add_one(needles, what, words, n * LIMB, false);
}

void
memory_scan_add(GPtrArray *needles, const char *what, const uint8_t *bytes, size_t len)
{
    g_autofree char *lower = NULL;
    g_autofree char *upper = NULL;

    while (len > 32 && bytes[0] == 0) { /* leading zeros of a scalar are no secret */
        bytes++;
        len--;
    }
    lower = tke_hex_encode(bytes, len);
    upper = tke_hex_encode_upper(bytes, len);
    add_one(needles, what, bytes, len, false);
    add_one(needles, what, (const uint8_t *) lower, strlen(lower), false);
    add_one(needles, what, (const uint8_t *) upper, strlen(upper), false);
    if (len >= NUMBER_MIN) {
        add_number(needles, what, bytes, len);
    }
}

void
memory_scan_add_pin(GPtrArray *needles, const char *what, const char *digits)
{
    const size_t len = strlen(digits);
    g_autofree char *hex = tke_hex_encode((const uint8_t *) digits, len); /* without letters */
    uint8_t block[PIN_BLOCK];

    memset(block, PIN_FILL, sizeof block);
    memcpy(block, digits, MIN(len, sizeof block));
    add_one(needles, what, (const uint8_t *) digits, len, true);
    add_one(needles, what, (const uint8_t *) hex, strlen(hex), false);
    memory_scan_add(needles, what, block, sizeof block);
}

void
scan_result_clear(ScanResult *result)
{
    g_free(result->first);
    g_free(result->tail);
}

static bool
is_hex(uint8_t byte)
{
    return g_ascii_isxdigit((char) byte);
}

FAST static bool
matches(const Needle *needle, const uint8_t *at, const uint8_t *begin, const uint8_t *end)
{
    if ((size_t) (end - at) < needle->len + needle->tail) {
        return false;
    }
    for (size_t i = 0; i < needle->len; i++) {
        if (at[i] != needle->bytes[i]) {
            return false;
        }
    }
    for (size_t i = 0; i < needle->tail; i++) {
        if (!is_hex(at[needle->len + i])) {
            return false;
        }
    }
    return !needle->digits || ((at == begin || !is_hex(at[-1])) &&
                               (at + needle->len == end || !is_hex(at[needle->len])));
}

/* The first two bytes of all needles, so that most positions cost one look. */
static void
make_filter(const GPtrArray *needles, uint8_t filter[static 65536])
{
    memset(filter, 0, 65536);
    for (unsigned i = 0; i < needles->len; i++) {
        const Needle *needle = g_ptr_array_index(needles, i);

        filter[needle->bytes[0] << 8 | needle->bytes[1]] = 1;
    }
}

/* Byte for byte: of the memory of another process, as it was there. */
FAST static void
take_tail(ScanResult *result, const Needle *needle, const uint8_t *at)
{
    char *tail = g_malloc0(needle->tail + 1);

    for (size_t i = 0; i < needle->tail; i++) {
        tail[i] = (char) at[needle->len + i];
    }
    g_free(result->tail);
    result->tail = tail;
}

static void
note(ScanResult *result, const Needle *needle, const char *where, bool locked)
{
    if (locked) {
        result->locked++;
        return;
    }
    result->outside++;
    if (result->first == NULL) {
        result->first = g_strdup_printf("%s in %s", needle->what, where);
    }
}

FAST static void
search(const uint8_t *bytes, size_t len, const GPtrArray *needles, const uint8_t *filter,
       const char *where, bool locked, ScanResult *result)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (filter[bytes[i] << 8 | bytes[i + 1]] == 0) {
            continue;
        }
        for (unsigned k = 0; k < needles->len; k++) {
            const Needle *needle = needles->pdata[k];

            if (matches(needle, bytes + i, bytes, bytes + len)) {
                note(result, needle, where, locked);
                if (needle->tail > 0) {
                    take_tail(result, needle, bytes + i);
                }
            }
        }
    }
}

void
memory_scan_bytes(const uint8_t *bytes, size_t len, const GPtrArray *needles, const char *what,
                  ScanResult *result)
{
    static uint8_t filter[65536];

    make_filter(needles, filter);
    search(bytes, len, needles, filter, what, false, result);
}

static void
mapping_free(Mapping *mapping)
{
    g_free(mapping->name);
    g_free(mapping);
}

/* A line of smaps: the head of a mapping, or one of its properties. */
static void
take_line(GPtrArray *mappings, const char *line)
{
    Mapping *last = mappings->len > 0 ? g_ptr_array_index(mappings, mappings->len - 1) : NULL;
    unsigned long start = 0;
    unsigned long end = 0;
    char flags[8] = "";

    if (last != NULL && g_str_has_prefix(line, "VmFlags:")) {
        last->locked = strstr(line, " lo") != NULL;
    } else if (g_ascii_isxdigit(line[0]) && sscanf(line, "%lx-%lx %7s", &start, &end, flags) == 3) {
        last = g_new0(Mapping, 1);
        last->start = start;
        last->end = end;
        last->writable = strchr(flags, 'w') != NULL;
        last->name = g_strdup(line);
        g_ptr_array_add(mappings, last);
    }
}

static GPtrArray *
read_mappings(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/smaps", (int) pid);
    GPtrArray *mappings = g_ptr_array_new_with_free_func((GDestroyNotify) mapping_free);
    FILE *file = fopen(path, "re");
    char line[1024];

    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        take_line(mappings, line);
    }
    if (file != NULL) {
        fclose(file);
    }
    return mappings;
}

/* The pages of a run that are there, joined to stretches, so that values across pages are found. */
static void
scan_mapping(int mem, int pagemap, const Mapping *mapping, const GPtrArray *needles,
             const uint8_t *filter, ScanResult *result)
{
    const uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
    uint64_t *entries = g_new(uint64_t, CHUNK_PAGES);
    g_autoptr(GByteArray) stretch = g_byte_array_new();
    g_autofree uint8_t *bytes = g_malloc(page);

    for (uint64_t at = mapping->start; at < mapping->end; at += CHUNK_PAGES * page) {
        uint64_t pages = MIN((mapping->end - at) / page, CHUNK_PAGES);
        ssize_t n = pread(pagemap, entries, pages * 8, (off_t) (at / page * 8));

        for (uint64_t i = 0; n > 0 && i < (uint64_t) n / 8; i++) {
            bool there = (entries[i] & PAGE_PRESENT_OR_SWAPPED) != 0 &&
                         pread(mem, bytes, page, (off_t) (at + i * page)) == (ssize_t) page;

            if (there) {
                g_byte_array_append(stretch, bytes, (guint) page);
            } else if (stretch->len > 0) {
                search(stretch->data, stretch->len, needles, filter, mapping->name, mapping->locked,
                       result);
                result->bytes += mapping->locked ? 0 : stretch->len;
                g_byte_array_set_size(stretch, 0);
            }
        }
    }
    search(stretch->data, stretch->len, needles, filter, mapping->name, mapping->locked, result);
    result->bytes += mapping->locked ? 0 : stretch->len;
    g_free(entries);
}

bool
memory_scan_process(pid_t pid, const GPtrArray *needles, ScanResult *result)
{
    static uint8_t filter[65536];
    g_autofree char *mem_path = g_strdup_printf("/proc/%d/mem", (int) pid);
    g_autofree char *map_path = g_strdup_printf("/proc/%d/pagemap", (int) pid);
    g_autoptr(GPtrArray) mappings = read_mappings(pid);
    int mem = open(mem_path, O_RDONLY | O_CLOEXEC);
    int pagemap = open(map_path, O_RDONLY | O_CLOEXEC);
    bool ok = mem >= 0 && pagemap >= 0 && mappings->len > 0;

    make_filter(needles, filter);
    for (unsigned i = 0; ok && i < mappings->len; i++) {
        const Mapping *mapping = g_ptr_array_index(mappings, i);

        if (mapping->writable && mapping->end - mapping->start < SHADOW_MIN) {
            scan_mapping(mem, pagemap, mapping, needles, filter, result);
        }
    }
    if (mem >= 0) {
        close(mem);
    }
    if (pagemap >= 0) {
        close(pagemap);
    }
    return ok;
}

char *
memory_scan_find_token(pid_t pid)
{
    g_autoptr(GPtrArray) needles = memory_scan_needles_new();
    g_auto(ScanResult) result = { 0 };
    Needle *needle = NULL;

    add_one(needles, "a token", (const uint8_t *) TOKEN_PREFIX, strlen(TOKEN_PREFIX), false);
    needle = g_ptr_array_index(needles, 0);
    needle->tail = TOKEN_DIGITS;
    return memory_scan_process(pid, needles, &result) ? g_steal_pointer(&result.tail) : NULL;
}
