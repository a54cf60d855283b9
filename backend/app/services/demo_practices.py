"""What the doctors of the demo clinic do, when, and why patients come to them."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.services.demo_names import Name

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = range(6)
WORKING_WEEK = (MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY)


@dataclass(frozen=True, slots=True)
class Stretch:
    """An unbroken stretch of work, the same on several days, in full hours of the wall clock."""

    days: tuple[int, ...]
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Practice:
    """A specialty as one doctor practises it; a visit takes `slot_duration` minutes."""

    specialty: str
    slot_duration: int
    stretches: tuple[Stretch, ...]
    reasons: tuple[str, ...]

    def rows(self) -> Iterator[dict[str, int]]:
        """The rows of working hours."""
        for stretch in self.stretches:
            for day in stretch.days:
                yield {
                    "day_of_week": day,
                    "start_time": stretch.opens * 60,
                    "end_time": stretch.closes * 60,
                    "slot_duration": self.slot_duration,
                }


GENERAL_PRACTICE = Practice(
    "General practice",
    20,
    (Stretch(WORKING_WEEK, 8, 12), Stretch((MONDAY, TUESDAY, WEDNESDAY, THURSDAY), 13, 16)),
    (
        "Regular checkup",
        "Cough that does not go away",
        "Renewal of blood pressure tablets",
        "Results of a blood test",
        "Tired all the time",
        "Flu vaccination",
        "Stomach pain after meals",
        "Fit note for work",
        "Headaches, mostly in the evening",
        "Diabetes review",
        "Lower back pain since moving house",
    ),
)
PAEDIATRICS = Practice(
    "Paediatrics",
    30,
    (Stretch(WORKING_WEEK, 9, 12), Stretch((MONDAY, TUESDAY, THURSDAY), 14, 17)),
    (
        "Vaccination, my daughter is 12 months old",
        "Fever that keeps coming back, my son is 4",
        "Six-week check of our baby",
        "Earache, my daughter is 6",
        "Eczema on both arms, my son is 2",
        "Asthma review, my son is 9",
        "Health certificate for nursery",
        "Does not sleep through, 8 months old",
        "Growth check, my daughter is 11",
        "Cough that gets worse at night, my son is 5",
    ),
)
CARDIOLOGY = Practice(
    "Cardiology",
    40,
    (
        Stretch((MONDAY, TUESDAY, THURSDAY), 9, 13),
        Stretch((MONDAY, THURSDAY), 14, 18),
    ),
    (
        "Palpitations when climbing stairs",
        "ECG before an operation",
        "High blood pressure despite tablets",
        "Yearly check of my pacemaker",
        "Echocardiogram, follow-up",
        "Shortness of breath at night",
        "Chest tightness during sport",
        "Results of the 24-hour ECG",
        "Advice, my father had a heart attack at 50",
    ),
)
DERMATOLOGY = Practice(
    "Dermatology",
    15,
    (Stretch((MONDAY, WEDNESDAY, FRIDAY), 9, 12), Stretch((TUESDAY,), 13, 17)),
    (
        "A mole that has changed its shape",
        "Skin cancer screening",
        "Acne, the cream does not help",
        "Itchy rash on both hands",
        "Psoriasis, follow-up",
        "Wart on the foot",
        "Hair loss since spring",
        "Removal of stitches",
        "Allergy test",
    ),
)
ORTHOPAEDICS = Practice(
    "Orthopaedics",
    30,
    (
        Stretch((MONDAY, WEDNESDAY, THURSDAY), 8, 12),
        Stretch((MONDAY, WEDNESDAY), 13, 17),
    ),
    (
        "Knee pain when running",
        "Follow-up after shoulder surgery",
        "Twisted ankle, still swollen",
        "Back pain that goes down the left leg",
        "Second opinion on a hip replacement",
        "Tennis elbow, three months now",
        "Insoles, yearly check",
        "Results of the MRI of my knee",
        "Plaster check of the wrist",
    ),
)
OPHTHALMOLOGY = Practice(
    "Ophthalmology",
    20,
    (Stretch((TUESDAY, WEDNESDAY, THURSDAY), 8, 13), Stretch((FRIDAY,), 12, 16)),
    (
        "Eye test for new glasses",
        "Blurred vision in the right eye",
        "Glaucoma check, pressure",
        "Dry eyes at the screen",
        "Cataract, before the operation",
        "Diabetic eye screening",
        "Red eyes, itchy in the evening",
        "Contact lenses, first fitting",
    ),
)
PSYCHIATRY = Practice(
    "Psychiatry",
    60,
    (Stretch((TUESDAY, THURSDAY), 9, 13),),
    (
        "First consultation",
        "Follow-up, medication",
        "Cannot sleep since changing jobs",
        "Anxiety before exams",
        "Panic attacks on the train",
        "Regular session",
        "Feeling low since the winter",
    ),
)
SPORTS_MEDICINE = Practice(
    "Sports medicine",
    45,
    (
        Stretch((MONDAY, TUESDAY, WEDNESDAY, THURSDAY), 17, 20),
        Stretch((SATURDAY,), 9, 12),
    ),
    (
        "Fitness check before a marathon",
        "Pulled hamstring, football",
        "Shin pain after training",
        "Return to training after concussion",
        "Medical certificate for diving",
        "Runner's knee, follow-up",
        "Achilles tendon, hurts in the morning",
        "Advice on training with asthma",
    ),
)

FOUNDERS = (
    (Name("Jana", "Novák"), GENERAL_PRACTICE),
    (Name("Amara", "Osei"), PAEDIATRICS),
    (Name("Henrik", "Sandberg"), CARDIOLOGY),
    (Name("Leila", "Farahani"), DERMATOLOGY),
    (Name("Marco", "Bellini"), ORTHOPAEDICS),
    (Name("Sunita", "Rao"), OPHTHALMOLOGY),
    (Name("Miriam", "Feldman"), PSYCHIATRY),
    (Name("Kofi", "Mensah"), SPORTS_MEDICINE),
)
