import pytest

from models.text_language import seems_english


@pytest.mark.parametrize(
    "text",
    [
        "What a lovely day",
        "I can't believe he said that",
        "ok",
        "thanks!",
        "wow",
        "12:30",
        "",
        "😂😂",
        "lol that café was nice",
        "So much déjà vu today",
        "haha no way",
        "Ciao, see you tomorrow",
        "brb gotta go",
    ],
)
def test_english_and_too_short_to_tell(text: str) -> None:
    assert seems_english(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ich bin heute sehr traurig",
        "Das ist doch wunderbar",
        "Je suis très content",
        "Quelle belle journée",
        "Estoy muy feliz hoy",
        "No puedo más con esto",
        "Sono molto stanco oggi",
        "Estou muito feliz hoje",
        "Ik ben zo blij vandaag",
        "Jag är så trött idag",
        "Jestem bardzo zmęczony",
        "Bugün çok mutluyum",
        "Olen niin väsynyt tänään",
        "Я очень счастлив",
        "今日はとても楽しい",
        "오늘 정말 행복해요",
        "أنا سعيد جدا اليوم",
        "मैं बहुत खुश हूँ",
        "Είμαι πολύ χαρούμενος",
    ],
)
def test_other_languages(text: str) -> None:
    assert not seems_english(text)
