"""The words of headings, in English, Spanish, Portuguese, German and French, as `headings` compares them.

Without accents, case, punctuation, and what is in `LEFT_OUT`.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in text.split("|"))


# What says nothing in a heading.
LEFT_OUT = _words(
    """
    a o as os e y et und and the of do da de dos das del d du des la el le les l der die s on am
    your what is tu su seu sua ihr ihre votre
    """
)
# Whose the column is, where it is the student's; "in" is of "Schüler/in".
STUDENT = _words(
    """
    student students pupil pupils learner learners participant participants attendee attendees alumno alumna alumnos
    alumnas alumnado estudiante estudiantes aluno aluna alunos alunas estudante estudantes discente discentes
    educando schuler schulers schulerin schulerinnen studierende studierenden studierender studenten teilnehmer
    teilnehmerin teilnehmende eleve eleves etudiant etudiante etudiants apprenant apprenants child
    children kind kindes enfant user in
    """
)
NUMBER_WORDS = _words("id number num no n nr nro numero nummer code codigo identifier identifiant identificador")
# Whose the column is, where it is a teacher's, or a guardian's or a contact's for emergencies.
OF_TEACHERS = _words(
    """
    teacher teachers professor professora professores docente docentes profesor profesora lehrer lehrerin lehrkraft
    klassenlehrer klassenlehrerin klassenleitung enseignant enseignante prof advisor adviser counselor counsellor
    coach instructor orientador orientadora coordinator coordinador coordenador
    """
)
OF_GUARDIANS = _words(
    """
    parent parents parental guardian guardians mother mothers father fathers mom mum dad carer carers caregiver
    household family relative kin padre madre padres madres tutor tutora tutores acudiente apoderado apoderada
    representante familia familiar familiares responsavel responsaveis mae maes pai pais encarregado encarregada
    ee filiacao responsable responsables eltern elternteil mutter vater erziehungsberechtigte
    erziehungsberechtigter erziehungsberechtigten sorgeberechtigte sorgeberechtigter sorgeberechtigten vormund
    pere mere parente emergency emergencia notfall urgence enc
    """
)
EMAIL_WORDS = _words("email emails mail mails correo correos courriel courriels mel")
# Whose these are depends on what else is there.
CONTACT = _words("contact contacts contacto contactos contato contatos kontakt kontakte")
# What may stand between a guardian's name and her address.
PHONE = _words("phone telephone tel telefon telefono telefone celular movil mobile handy portable cell")
# What a login is called.
SIGNING_IN = _words("login sesion sessao acceso acesso connexion anmelde anmeldung anmeldename")
# Headings under which addresses may stand, though they do not say so.
LOGINS = SIGNING_IN | _words(
    "username user usuario upn principal account cuenta conta konto compte benutzer benutzername"
)
# Of two addresses, the one that is not the school's.
SECOND_EMAIL = _words(
    """
    secondary second alternative alternate recovery backup 2 secundario alternativo zweite personal private privat
    """
)
NAME = _phrases(
    """
    name | names | full name | legal name | fullname | display name | complete name | nombre | nombres apellidos |
    nombre apellidos | nombre apellido | apellidos nombre | apellidos nombres | apellido nombre | nombre completo |
    nome | nome completo | nome sobrenome | sobrenome nome | nome apelido | apelido nome | nome civil |
    nome social | vorname nachname | vorname name | nachname vorname | name vorname | vor nachname | vor zuname |
    nom | nom prenom | nom prenoms | prenom nom | nom complet | surname first | surname first name | surname name |
    last first | last first name | last name first name | first last | first last name | first name last name |
    first name surname | name surname | family name first name | surname given name | surname given names
    """
)
# Those of them that have the surname first.
SURNAME_FIRST = _phrases(
    """
    apellidos nombre | apellidos nombres | apellido nombre | sobrenome nome | apelido nome | nachname vorname |
    name vorname | nom prenom | nom prenoms | surname first | surname first name | surname name | last first |
    last first name | last name first name | family name first name | surname given name | surname given names
    """
)
FIRST = _phrases(
    """
    first | first name | legal first name | first names | firstname | given name | given names | givenname |
    forename | forenames | prenom | prenoms | vorname | vornamen | rufname | nombres | nombre pila | primer nombre |
    primeiro nome | nome proprio | nomes proprios
    """
)
LAST = _phrases(
    """
    last | last name | legal last name | last names | lastname | surname | surnames | family name | familyname |
    apellido | apellidos | primer apellido | segundo apellido | 1er apellido | 2o apellido | 1o apellido |
    apellido 1 | apellido 2 | apellido paterno | apellido materno | sobrenome | sobrenomes | apelido | apelidos |
    ultimo nome | nachname | familienname | zuname | nom famille
    """
)
# Beside a column of surnames these are first names, and the other way round.
FIRST_BESIDE_LAST = _phrases("nombre | nome")
LAST_BESIDE_FIRST = _phrases("name | nom")
NUMBER = _phrases(
    """
    number | id | id number | idnumber | number id | org defined id | numero id | id nummer | idnummer |
    external id | user id | matricula | numero matricula | no matricula | n matricula | nr matricula |
    codigo matricula | ra | r a | rm | rga | registro academico | registro | nia | nie | dni | nif | rut | cpf |
    legajo | expediente | numero expediente | no expediente | n expediente | id escolar | no id escolar |
    n id escolar | numero id escolar | numero identificacion | no identificacion | identificacion | documento |
    numero identificacao | no identificacao | identificacao | numero identification | identification |
    codigo | code | carnet | carne | boleta | cedula | numero processo | no processo | n processo | processo |
    matrikelnummer | matrikel nummer | matrikel nr | matrikelnr | matrikel | matr nr | matr | matric | matric no |
    schulernummer | schuler nr | schulernr | schulerid | studentennummer | ine | identifiant | no etudiant |
    university id | school id | enrollment number | enrolment number | registration number | admission number |
    admission no | roll no | roll number | studentid | studentnumber | upn
    """
)
# Where there is another number too, it is the student's.
LESS_LIKELY_NUMBER = _phrases(
    """
    id | upn | code | codigo | user id | dni | nif | cpf | documento | registro | identificacion
    """
)
# The place in the list. Those that follow are a student's number, unless the column only counts its lines.
SEAT = _phrases(
    """
    n | no | nr | nro | num | numero | nummer | lfd nr | lfdnr | lfd nummer | laufende nummer | ordem | orden |
    numero ordem | no ordem | n ordem | numero orden | no orden | n orden | chamada | numero chamada | no chamada |
    n chamada | seat | seat number | seat no | row | line | position | pos | numero lista | no lista | n lista |
    list number | list no | numero ordre | no ordre | n ordre | num ordre | ordre | rang | platz | sitzplatz |
    serial | serial no | serial number | sr no | s no | sl no | item | index
    """
)
SEAT_IF_COUNTING = _phrases("num | numero | nummer")
GROUP = _phrases(
    """
    group | groups | kl | group name | section | sections | section name | class | classes | class name |
    class group | homeroom | form | form group | tutor group | tutorgroup | registration group | reg group | turma |
    turmas | grupo | grupos | grupo clase | clase | unidad | seccion | secciones | secao | seccao | comision |
    paralelo | division | aula | klasse | klassen | gruppe | gruppen | lerngruppe | tutorgruppe | stammgruppe | classe |
    abschnitt | abschnitte | groupe | groupes | groupe classe | groupe td | team | kurs | cohort | curso | serie
    """
)
# A degree, or a year, unless each of its names is short and has a number: "3B".
GROUP_IF_NUMBERED = _phrases("curso | serie")
# Where there is another group too, it is the student's.
LESS_LIKELY_GROUP = _phrases("curso | serie | kurs | cohort | team | aula | sections | section | abschnitt | groups")
FROM = _phrases(
    """
    from | start | start date | startdate | starts | started | joined | join date | date joined | joining date |
    date joining | joining | enrolled | enrolled from | date enrolled | enrolment date | enrollment date | entry |
    entry date | date entry | since | active from | valid from | first day | admission date | date admission |
    alta | fecha alta | ingreso | fecha ingreso | desde | fecha desde | fecha matricula | fecha matriculacion |
    inicio | fecha inicio | incorporacion | fecha incorporacion | ingresso | data ingresso | entrada |
    data entrada | fecha entrada | data matricula | data inicio | von | ab | seit | eintritt | eintrittsdatum |
    datum eintritts | beginn | startdatum | zugang | zugangsdatum | entree | date entree | depuis | debut |
    date debut | arrivee | date arrivee | inscription | date inscription | inscrit | inscrit depuis
    """
)
UNTIL = _phrases(
    """
    until | till | to | end | end date | enddate | ends | ended | left | leaving date | leaving | date leaving |
    date left | leave date | withdrawn | withdrawal | withdrawal date | exit | exit date | dropped | drop date |
    active until | valid until | last day | baja | fecha baja | hasta | fecha hasta | fin | fecha fin | salida |
    fecha salida | egreso | fecha egreso | saida | data saida | termino | data termino | fim | data fim | ate |
    desligamento | data desligamento | desistencia | bis | austritt | austrittsdatum | datum austritts | abgang |
    abgangsdatum | ende | enddatum | sortie | date sortie | date fin | depart | date depart | jusqu au | jusque
    """
)
ROLE = _phrases("role | roles | rol | papel | funcao | perfil | rolle | rollen | funktion")
