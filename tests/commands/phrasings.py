"""What people really write, and what each must be: an opt-out, a hint at one (passed on, its sender told of STOP), or
just a text. A new language brings its own."""

from __future__ import annotations

from enum import Enum, auto


class Must(Enum):
    OPT_OUT = auto()
    HINT = auto()
    RELAY = auto()


ENGLISH = {
    Must.OPT_OUT: [
        "STOP", "stop", "Stop", "sToP", "Stop.", "STOP!!!", "stop…", " stop ", "stop\n", "\nSTOP\n",
        "Stop. Thank you", "stop thank you", "Stop, thank you!", "STOP, PLEASE!", "please stop", "Please, stop.",
        "stop please", "“Stop”", '"STOP"', "'stop'", "(stop)", "*stop*", "«stop»", "ＳＴＯＰ", "ｓｔｏｐ。",
        "\u200bSTOP", "ST\u200bOP", "STOP\ufeff", "\u202aSTOP\u202c", "S\u00adTOP", "STOP\ufe0f", "stopall",
        "STOP ALL", "stop  all", "Unsubscribe", "UNSUBSCRIBE.", "Cancel", "cancel!", "End", "END.", "end", "Quit",
        "QUIT", "Revoke", "Optout", "opt out", "Opt-Out", "OPT OUT!", "remove me", "Remove me.",
    ],
    Must.HINT: [
        "stop texting me", "Stop texting me!!", "please stop messaging me", "STOP CONTACTING ME", "stop calling me",
        "Would you stop sending me these", "wrong number", "Sorry, wrong number.", "(wrong number)",
        "Wrong number!!!", "you have the wrong person", "don't text me again", "Don’t text me", "dont text me",
        "do not contact me", "unsubscribe me from this", "opt me out please", "Leave me alone!",
    ],
    Must.RELAY: [
        "we have got to STOP this bill", "End of story", "helpful of you", "2024 was a good year", "don't stop",
        "stop here please, driver", "Stop at the next corner", "bus stop", "The stop is round the corner", "non-stop",
        "unstoppable", "stopped", "stops", "stop by at noon", "stop it", "full stop", "the end", "End?? of what",
        "at the end of the street", "weekend", "quit it", "I quit my job", "cancel the ride", "cancelled",
        "Cancel it?", "can you cancel", "opt for the other one", "remove me a seat", "let me know",
        "the number is right", "what is your number", "text me when you are there", "is this the right number?",
        "leave at nine", "STOPP ING", "revoked", "stop. I am here", "stop and wait", "no", "ok", "thanks", "", " ",
        "?!", "T D", "S T O P it", "🛑 here", "stop 5", "unsubscribed from the gym", "optimal", "please", "thank you",
        "start the car",
    ],
}  # fmt: skip

SPANISH = {
    Must.OPT_OUT: [
        "Darme de baja", "DARME DE BAJA", "darme de baja.", "dar de baja", "Dar de baja, por favor", "Deme de baja",
        "Dame de baja!", "¡Dame de baja!", "quiero darme de baja", "Cancelar suscripción", "cancelar suscripcion",
        "CANCELAR SUSCRIPCIÓN", "cancelar suscripcio\u0301n", "anular suscripción", "Desuscribirme", "desuscribir",
        "No más mensajes", "no mas mensajes", "NO MÁS SMS!!", "no quiero más mensajes", "Stop, por favor",
        "STOP gracias", "ｄａｒｍｅ　ｄｅ　ｂａｊａ", "stop sms",
    ],
    Must.HINT: [
        "No me escriba más", "no me escribas", "por favor no me mande más mensajes", "Deje de escribirme",
        "dejen de mandarme cosas", "Número equivocado", "numero equivocado", "Perdón, NÚMERO EQUIVOCADO.",
        "se equivocó de número", "te equivocaste de numero", "déjeme en paz", "Dejame en paz!", "no me moleste",
        "no quiero recibir más esto", "persona equivocada",
    ],
    Must.RELAY: [
        "Baja", "baja ya", "Ya bajo", "baje por favor", "Alto", "alto ahí", "Pare aquí", "para aquí", "parar",
        "Cancelar", "cancelar el viaje", "cancela", "Fin", "No", "no gracias", "Sí", "si", "de baja por enfermedad",
        "le van a dar de baja mañana", "No más", "Basta", "espere", "estoy en la esquina", "mi número es el 7",
        "Anular", "salir", "Salgo", "Terminar", "no puedo", "dónde está usted", "escríbame cuando llegue",
    ],
}  # fmt: skip

FRENCH = {
    Must.OPT_OUT: [
        "Arrêt", "arret", "ARRÊT", "ARRET.", "Arre\u0302t", "arrêt sms", "STOP SMS", "Stop svp",
        "Stop, s'il vous plaît", "stop s’il vous plait", "Stop merci", "Désabonner", "desabonner", "DÉSABONNEMENT",
        "desabonnement", "Se désabonner", "me desabonner", "Désabonnez-moi", "desabonnez moi !", "désinscription",
        "Plus de SMS", "plus de messages", "Ne plus recevoir de SMS", "«\u00a0Arrêt\u00a0»",
    ],
    Must.HINT: [
        "Arrêtez de m'écrire", "arrete de m'ecrire", "Arrêtez de m’écrire !", "ne m'écrivez plus",
        "Ne m'envoyez plus rien", "ne me contactez plus svp", "Mauvais numéro", "mauvais numero",
        "Vous vous trompez de numéro", "vous avez fait un faux numéro", "laissez-moi tranquille",
        "Je ne veux plus recevoir ça", "mauvaise personne",
    ],
    Must.RELAY: [
        "Arrêtez", "arrête", "Arrêtez-vous ici", "arrêt de bus", "à l'arrêt du tram", "Arrêt Bellecour", "Annuler",
        "annulez la course", "fin de course", "la fin de la rue", "Non", "non merci", "Oui", "plus de place",
        "Je n'ai plus de SMS", "Attendez", "descendez", "je descends", "stoppez ici", "quel numéro ?", "écrivez-moi",
        "tranquille", "c'est la bonne personne", "Quittez l'autoroute", "Terminé", "résilier",
    ],
}  # fmt: skip

GERMAN = {
    Must.OPT_OUT: [
        "Stopp", "STOPP!", "stopp bitte", "Bitte stopp.", "bitte stop", "Stop, danke", "Abmelden", "ABMELDEN",
        "abmelden!", "Bitte abmelden", "Mich abmelden", "Abbestellen", "abbestellen.", "SMS abbestellen",
        "Nachrichten abbestellen", "Keine SMS mehr", "keine sms mehr bitte", "Bitte keine SMS mehr!",
        "Keine Nachrichten mehr", "Austragen", "„Stopp“", "ｓｔｏｐｐ", "Abmeldung",
    ],
    Must.HINT: [
        "Schreiben Sie mir nicht mehr", "schreib mir nicht mehr!", "Falsche Nummer", "Sie haben die falsche Nummer",
        "mit der falschen Nummer verbunden", "Lassen Sie mich in Ruhe", "lass mich in Ruhe!", "falsche Person",
        "Ich will keine Nachrichten mehr von Ihnen", "hören Sie auf, mir zu schreiben", "Nummer verwechselt?",
        "bitte nicht mehr kontaktieren",
    ],
    Must.RELAY: [
        "Halt", "Halten Sie hier", "halt da vorne", "Ende", "am Ende der Straße", "Beenden", "Abbrechen",
        "Fahrt abbrechen", "Stornieren", "Nein", "nein danke", "Ja", "Stoppen Sie bitte an der Ecke",
        "An der Haltestelle", "Schluss", "Ich muss mich noch beim Arzt abmelden", "Pizza abbestellen", "Kündigen",
        "Genug", "richtige Nummer", "schreiben Sie mir, wenn Sie da sind", "in aller Ruhe", "Aufhören", "raus",
        "Stopp an der Ampel", "keine Eile",
    ],
}  # fmt: skip

CHINESE = {
    Must.OPT_OUT: [
        "退订", "退订。", "退订！", "「退订」", " 退订 ", "退\u200b订", "退訂", "TD", "td", "ＴＤ", "TD.", "td退订",
        "我要退订", "请退订", "取消订阅", "取消訂閱", "停止", "停止。", "停止发送", "拒收短信", "不要再发短信",
        "停止短信！",
    ],
    Must.HINT: [
        "别再给我发了", "不要再给我发短信了", "请不要再给我发消息", "你发错人了", "号码错了吧", "您找错人了",
        "别再联系我", "不要骚扰我", "别发短信了，谢谢", "不好意思，打错号码了",
    ],
    Must.RELAY: [
        "停", "停车", "停一下", "停在路口", "停止线那里", "取消", "取消订单", "不用了", "不要", "好的", "是", "结束",
        "到了", "我在门口", "退一下", "退订酒店怎么办", "订阅号", "T", "N", "D", "TD银行门口", "td bank", "回复",
        "谢谢", "号码是多少", "请发定位", "别急",
    ],
}  # fmt: skip

ALL = [
    (text, must)
    for language in (ENGLISH, SPANISH, FRENCH, GERMAN, CHINESE)
    for must, texts in language.items()
    for text in texts
]
