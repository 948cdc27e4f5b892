/*
 * What can be wrong with cards and keypads, in words for people.
 */
#include "simulator/desk-words.h"

#include <glib/gi18n-lib.h>
#include <string.h>

const SimDeskWord sim_desk_unusual_cards[] = {
    { "forged-key", N_("Not genuine: other _key"), NULL, true, false },
    { "forged-certificate", N_("Not genuine: other _zone"), NULL, true, false },
    { "forged-id", N_("Not genuine: other card _id"), NULL, true, false },
    { "version=99.0.0", N_("Applet of _version 99.0.0"), N_("⚠ other version"), false, false },
    { "version=1.99.0", N_("Applet of version _1.99.0"), N_("⚠ other version"), false, false },
    { "version=0.9.0", N_("Applet of version _0.9.0"), N_("⚠ other version"), false, false },
    { "lacks", N_("Lacks an _ability that is needed"), N_("✗ lacks an ability"), false, false },
    { "full", N_("Its memory is _full"), N_("✗ memory full"), false, false },
    { "fill-up", N_("All places for key parts _taken"), NULL, false, true },
    { "other-keys", N_("Card manager has _other keys"), N_("✗ unknown keys"), false, false },
    { "locked-keys", N_("Keys of the card manager are _locked"), N_("✗ keys locked"), false,
      false },
    { "no-manager", N_("_No card manager"), N_("✗ no manager"), false, false },
    { "foreign", N_("_Somebody else's card"), N_("✗ foreign card"), false, false },
    { "t0", N_("Speaks T=0 onl_y"), N_("⚠ T=0 only"), false, false },
    { "odd-atr", N_("Answer to _reset makes no sense"), N_("⚠ odd answer to reset"), false, false },
    { "genuine", N_("As it should _be again"), NULL, false, false },
    { NULL, NULL, NULL, false, false },
};

const SimDeskWord sim_desk_card_faults[] = {
    { "pull-before", N_("Pulled out before the command takes effect"), N_("⚠ will be pulled"),
      false, false },
    { "pull-after", N_("Pulled out after the command took effect"), N_("⚠ will be pulled"), false,
      false },
    { "silent", N_("No answer, nothing was carried out"), N_("⚠ will be mute"), false, false },
    { "silent-after", N_("No answer, the command was carried out"), N_("⚠ will be mute"), false,
      false },
    { "garbage", N_("A wrong answer"), N_("⚠ wrong answer"), false, false },
    { "cut", N_("Half an answer"), N_("⚠ half an answer"), false, false },
    { "status", N_("Refuses with a status word"), N_("⚠ will refuse"), false, false },
    { "torn-before", N_("Power lost just before a lasting change"), N_("⚠ power loss"), false,
      false },
    { "torn-after", N_("Power lost just after a lasting change"), N_("⚠ power loss"), false,
      false },
    { "unwritable", N_("A lasting change fails"), N_("⚠ cannot store"), false, false },
    { NULL, NULL, NULL, false, false },
};

const SimDeskWord sim_desk_keypads[] = {
    { "no-keypad", N_("Has no _keypad"), N_("⚠ no keypad"), false, false },
    { "claims-keypad", N_("_Claims a keypad, but has none"), N_("⚠ keypad only claimed"), false,
      false },
    { "quick-clock", N_("_Quick clock: gives up too early"), N_("⚠ quick clock"), false, false },
    { "no-length-check", N_("Takes PINs that are too _short"), N_("⚠ takes short PINs"), false,
      false },
    { "no-comparison", N_("Does not compare the two _new PINs"), N_("⚠ does not compare"), false,
      false },
    { "pad-status", N_("_Ends the next entry by itself"), N_("⚠ ends the next entry"), false,
      false },
    { "pad-fails", N_("_Breaks the next entry off"), N_("⚠ breaks the next entry off"), false,
      false },
    { "pad-garbage", N_("Answers with _garbage"), N_("⚠ wrong answers"), false, false },
    { "cut-features", N_("List of features cut o_ff"), N_("⚠ wrong features"), false, false },
    { "long-features", N_("List of features _too long"), N_("⚠ wrong features"), false, false },
    { "two-codes", N_("Two control co_des for one feature"), N_("⚠ wrong features"), false, false },
    { "zero-codes", N_("Offers nothing _under its names"), N_("⚠ wrong features"), false, false },
    { "cut-properties", N_("_Properties cut off"), N_("⚠ wrong properties"), false, false },
    { "long-properties", N_("Properties too l_ong"), N_("⚠ wrong properties"), false, false },
    { "swapped-sizes", N_("Least and most digits s_wapped"), N_("⚠ wrong properties"), false,
      false },
    { "long-pins", N_("Says that PINs have _7 to 8 digits"), N_("⚠ wrong properties"), false,
      false },
    { NULL, NULL, NULL, false, false },
};

const SimDeskWord sim_desk_readers[] = {
    { "contactless", N_("_Reads cards without contacts"), N_("⚠ contactless"), false, false },
    { NULL, NULL, NULL, false, false },
};

static bool
is_called(const SimDeskWord *word, const char *fault)
{
    const size_t len = strcspn(word->fault, "=");

    return strncmp(word->fault, fault, len) == 0 && fault[len] == '\0';
}

const SimDeskWord *
sim_desk_word_find(const SimDeskWord *words, const char *fault)
{
    for (; words->fault != NULL; words++) {
        if (is_called(words, fault)) {
            return words;
        }
    }
    return NULL;
}

const SimDeskWord *
sim_desk_word_find_reader(const char *fault)
{
    const SimDeskWord *word = sim_desk_word_find(sim_desk_keypads, fault);

    return word != NULL ? word : sim_desk_word_find(sim_desk_readers, fault);
}

char *
sim_desk_word_dup_plain(const SimDeskWord *word)
{
    g_auto(GStrv) pieces = g_strsplit(_(word->menu), "_", -1);

    return g_strjoinv("", pieces);
}
