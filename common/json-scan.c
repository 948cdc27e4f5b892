/*
 * JSON walked through without making anything of it (RFC 8259).
 */
#include "common/json-scan.h"

#include <glib.h>
#include <string.h>

typedef struct {
    const char *at;
    const char *end;
} Scanner;

static bool scan_value(Scanner *s, unsigned depth);

static void
skip_blanks(Scanner *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n')) {
        s->at++;
    }
}

static bool
take(Scanner *s, char c)
{
    if (s->at == s->end || *s->at != c) {
        return false;
    }
    s->at++;
    return true;
}

static bool
take_word(Scanner *s, const char *word)
{
    size_t len = strlen(word);

    if ((size_t) (s->end - s->at) < len || memcmp(s->at, word, len) != 0) {
        return false;
    }
    s->at += len;
    return true;
}

static bool
scan_digits(Scanner *s)
{
    const char *start = s->at;

    while (s->at < s->end && g_ascii_isdigit(*s->at)) {
        s->at++;
    }
    return s->at > start;
}

static bool
scan_number(Scanner *s)
{
    take(s, '-');
    if (!take(s, '0') && !scan_digits(s)) {
        return false;
    }
    if (take(s, '.') && !scan_digits(s)) {
        return false;
    }
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) {
            take(s, '-');
        }
        return scan_digits(s);
    }
    return true;
}

/* Four hex digits after "\\u". */
static bool
scan_code_unit(Scanner *s, unsigned *unit)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++, s->at++) {
        if (s->at == s->end || !g_ascii_isxdigit(*s->at)) {
            return false;
        }
        value = value << 4 | (unsigned) g_ascii_xdigit_value(*s->at);
    }
    *unit = value;
    return true;
}

/* What follows a backslash. NUL and halves of surrogate pairs have no place in our texts. */
static bool
scan_escape(Scanner *s)
{
    unsigned unit = 0;

    if (take(s, 'u')) {
        if (!scan_code_unit(s, &unit) || unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff)) {
            return false;
        }
        return unit < 0xd800 || unit > 0xdbff ||
               (take_word(s, "\\u") && scan_code_unit(s, &unit) && unit >= 0xdc00 &&
                unit <= 0xdfff);
    }
    return s->at < s->end && *s->at != '\0' && strchr("\"\\/bfnrt", *s->at++) != NULL;
}

static bool
scan_string(Scanner *s)
{
    if (!take(s, '"')) {
        return false;
    }
    while (s->at < s->end) {
        unsigned char c = (unsigned char) *s->at++;

        if (c == '"') {
            return true;
        }
        if (c < 0x20 || (c == '\\' && !scan_escape(s))) {
            return false;
        }
    }
    return false;
}

static bool
scan_members(Scanner *s, unsigned depth, bool named, char close)
{
    skip_blanks(s);
    if (take(s, close)) {
        return true;
    }
    do {
        skip_blanks(s);
        if (named) {
            if (!scan_string(s)) {
                return false;
            }
            skip_blanks(s);
            if (!take(s, ':')) {
                return false;
            }
        }
        if (!scan_value(s, depth + 1)) {
            return false;
        }
        skip_blanks(s);
    } while (take(s, ','));
    return take(s, close);
}

static bool
scan_value(Scanner *s, unsigned depth)
{
    skip_blanks(s);
    if (s->at == s->end || depth > TKE_JSON_SCAN_DEPTH) {
        return false;
    }
    switch (*s->at) {
    case '{':
        s->at++;
        return scan_members(s, depth, true, '}');
    case '[':
        s->at++;
        return scan_members(s, depth, false, ']');
    case '"':
        return scan_string(s);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        return scan_number(s);
    }
}

bool
tke_json_scan_value(const char *text, size_t len, size_t *value_len)
{
    Scanner s = { .at = text, .end = text == NULL ? NULL : text + len };
    const bool good = text != NULL && scan_value(&s, 0);

    if (good) {
        skip_blanks(&s);
    }
    *value_len = text == NULL ? 0 : (size_t) (s.at - text);
    return good;
}

bool
tke_json_scan_is_whole(const char *text, size_t len)
{
    size_t value_len = 0;

    return tke_json_scan_value(text, len, &value_len) && value_len == len &&
           g_utf8_validate(text, (gssize) len, NULL);
}
