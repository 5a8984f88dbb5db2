"""The README of the zip."""

from workshops.words import N_

README = N_("""# {title}

Ce que le site {site} publiait à la fin du {day}, et publie encore.
Ce qui a été masqué ou retiré depuis n'y est pas. L'annuaire des laboratoires est celui d'aujourd'hui.

## Licence

{licence} : {licence_at}
Réutilisez librement, en citant la source et la date. Un référentiel importé garde les droits de sa source.

## Citer

> {publisher}, Grille commune, données du {date}, {site}/donnees, {licence}.

À partir du lendemain, ce jour a son adresse, pour toujours : {site}/donnees/{date}.zip

## Les tables

CSV en UTF-8 avec BOM, virgules, une ligne d'en-tête. Les moments sont en temps universel. Une cellule qui commencerait par
`=`, `+`, `-` ou `@` est précédée d'une apostrophe : un tableur ne l'exécute pas. Vide veut dire « pas dit ».
Le sens de chaque colonne est dans `NOM.tableschema.json`, et dans `datapackage.json` pour toutes ; le dictionnaire se lit
aussi à l'adresse {site}/donnees.

{tables}

## Les fichiers publiés tels quels

{files}

## Vérifier

```sh
sha256sum -c empreintes.sha256                              # chaque fichier de ce zip
frictionless validate datapackage.json                      # chaque table selon son schéma
python -m server verify referentiel referentiel-2.0.0.json  # le texte est, à la lettre, celui de l'empreinte
python -m server verify registre registre-ID.json           # aucun geste retiré ni changé
python -m server verify vote bulletins-ID.json              # le décompte découle des bulletins et de la règle
```

Les trois derniers demandent le programme du site, sans base de données ni réglages.

## Ce qui n'y est pas

Aucun nom de personne, aucune adresse, aucun vote nominatif, aucun décompte qu'une règle cache encore, aucun avis masqué,
aucun témoignage refusé, retiré ou en attente, ni le jour où quelqu'un a témoigné.
Les personnes sont désignées par un identifiant sans nom, celui du registre public ; les bulletins, par des pseudonymes.
""")
