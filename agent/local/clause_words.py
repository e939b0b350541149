"""The small words by which a clause shows what it does: verbs that order, words that ask, what makes it depend."""

# What may stand before the word that shows what a clause does.
_OPENERS = """
and also then please pls just oh ok okay so but well hi hello hey now maybe actually first firstly second secondly
next finally lastly plus yes no yeah quick quickly kindly sorry thanks thank you wait um hmm again simply always
still und auch dann bitte noch ausserdem aber danach zuletzt erst erstens zweitens ja nein hallo guten tag moin doch
mal gern gerne btw
"""
# Verbs that order something when a clause begins with them.
_ORDERING = """
tell show give send cancel return exchange swap refund change track find search look recommend suggest compare add
put remove delete take order reorder buy list let log sign stop unsubscribe subscribe export download open check
help connect transfer read explain talk speak call make switch turn redirect deliver ship replace repair fix erase
clear empty close end print get resend email mail forward use pay charge reserve report file register save store
rename block revoke kick confirm place finish proceed bring drop grab fetch display pull enable activate reset set
update modify edit move wipe forget stick throw chuck hand initiate start begin arrange organise organize book
provide describe name pass scrap halt abort see apply keep hold include increase reduce decrease reimburse credit
verify advise write play translate
zeig zeige sag sage gib gebt schick schicke schickt sende sendet storniere stornier storniert tausch
tausche tauscht aender aendere aendert loesch loesche loescht entferne entfern entfernt leg lege legt pack packe
packt bestell bestelle bestellt such suche empfiehl empfehlt vergleich vergleiche vergleicht melde meld meldet
verbinde verbindet nimm nehmt mach mache macht erstatte erstattet exportiere exportiert liste listet speicher
speichere speichert fueg fuege fuegt trag trage tragt lass lasst hol hole holt erklaer erklaere setz setze setzt
schau schaut pruef pruefe prueft liefer liefere liefert kuendige kuendigt stell stelle stellt wirf werft leite
leitet stoppe stopp ruf ruft buche nenn nenne nennt
"""
# Words with which a question begins.
_ASKED_WITH = """
where when what which who how why whose whats wheres hows is are do does did can could will would have has was were
may should shall am any isnt arent whether wo wann welche welcher welches welchen welchem wer wie warum wieso
weshalb wieviel wohin woher womit wozu ist sind habt hast kann kannst koennt koennen koennte koenntet koennten gibt
wird werden darf duerfen muss soll sollte wuerdet wuerdest wuerden wurde wurden kommt kostet liefert verkauft geht
haben hat macht nehmt gilt laesst bietet fuehrt
"""
# Of these, what also begins a clause that depends on another ("when it arrived").
_RELATIVE = """
where when what which who how why wo wann was wie welche welcher welches warum whose whether ob
"""
# Who or what such a clause is about.
_SUBJECTS = """
i it they he she we you the my your this that these those ich es sie er wir ihr man das die der mein meine
"""
# What makes a clause depend on another, or turns something down.
_DEPENDING = """
because since as cause cuz if unless until although while when whenever that which who weil da falls wenn obwohl
dass damit sobald bevor solange before after once for denn ob sodass than not nicht rather instead except otherwise
sonst
"""
# What may stand before a question word ("by when").
_PREPOSITIONS = """
in at by to from on of with about under bis seit ab aus fuer mit zu von an for until
"""
# Verbs of a clause that tells; without any verb it only names things.
_VERBS = """
is are was were am be been have has had do does did will would can could should may might must came comes come
arrived arrives broke got get gets bought went goes go said says want wants need needs like likes think thought know
knew found find lost left stopped works worked fell fits moved changed ordered paid sent received returned cancelled
looks look ist sind war waren bin hat haben habe hatte hatten wird werden wurde wurden kam kommt kommen ging geht
passt passen fehlt gefaellt gefallen braucht wollte wollten kann koennen muss soll bleibt steht liegt funktioniert
leuchtet
"""

OPENERS = frozenset(_OPENERS.split())
ORDERING = frozenset(_ORDERING.split())
ASKED_WITH = frozenset(_ASKED_WITH.split())
RELATIVE = frozenset(_RELATIVE.split())
SUBJECTS = frozenset(_SUBJECTS.split())
DEPENDING = frozenset(_DEPENDING.split())
PREPOSITIONS = frozenset(_PREPOSITIONS.split())
VERBS = frozenset(_VERBS.split())
