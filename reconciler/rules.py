"""The catalogue of rules: what each id of a diagnostic means, and what to do about it.

No code asks it: the ids stand where the diagnostics are made. A test compares both, and
`docs/reference/rules.md` is written from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.errors import Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: when it fires, how serious that is without `--strict`, how to get rid of it."""

    summary: str
    fix: str
    severity: Severity = "error"


TEXT: Mapping[str, Rule] = {
    "alias-limit": Rule(
        "A document uses too many aliases, grows too large when they are written out, or an alias "
        "is part of itself.",
        "Write the values out.",
    ),
    "duplicate-key": Rule(
        "A mapping gives the same key twice; YAML readers would silently keep one of them.",
        "Remove one of the two; the detail names the line of the first.",
    ),
    "encoding": Rule(
        "The file is not UTF-8, or holds a character that YAML does not allow as it is.",
        "Save the file as UTF-8; write control characters as escapes in double quotes.",
    ),
    "file-too-large": Rule(
        "A file is larger than 16 MiB.",
        "Split it into several files.",
    ),
    "leading-zero": Rule(
        "A number is written with a leading zero, such as `0123`, which YAML 1.1 reads as octal.",
        "Put it in quotes if it is text, or take the zero away; octal numbers look like `0o17`.",
    ),
    "merge-key": Rule(
        "A mapping uses the merge key `<<`, which is not part of YAML 1.2.",
        "Write the fields out, or move them to `spec.defaults` of the workspace file.",
    ),
    "nesting-limit": Rule(
        "Lists and mappings are nested more than 64 levels deep.",
        "Look for brackets that are never closed.",
    ),
    "non-text-key": Rule(
        "A key is a number, a boolean, null, a list or a mapping instead of text.",
        'Put it in quotes: `"1"`. A value that begins with `{{` needs quotes too.',
    ),
    "not-finite": Rule(
        "A value is `.inf` or `.nan`, which no JSON document can carry.",
        "Put it in quotes if it is text, or write a number.",
    ),
    "tag": Rule(
        "A value has a tag, such as `!!str` or `!env`; tags are not supported.",
        "Write the plain value; text that looks like a number goes in quotes.",
    ),
    "wrong-number": Rule(
        "A number is too large to be kept exactly.",
        "Put it in quotes if it is text, or write a smaller number.",
    ),
    "yaml-directive": Rule(
        "A document begins with `%TAG`, or asks for another version than YAML 1.2.",
        "Remove the directive.",
    ),
    "yaml-syntax": Rule(
        "The file is not valid YAML: a quote or bracket is not closed, the indentation is wrong, a "
        "value begins with a character that needs quotes, or a merge conflict was left.",
        "The message points at the place and quotes the parser; often the value needs quotes.",
    ),
}
"""Rules about the text of a file."""

FILES: Mapping[str, Rule] = {
    "cannot-format": Rule(
        "`fmt` met a file that is not valid YAML and left it as it is.",
        "Run `reconciler validate` on the file and repair what it finds.",
    ),
    "file-exists": Rule(
        "`export` would write a file that exists already and does not declare the object; the file "
        "is left as it is.",
        "Move the file away, or write into another folder.",
        "warning",
    ),
    "link-outside": Rule(
        "A symbolic link below the manifests leads out of the workspace; a pull request must not "
        "be able to make a run read other files.",
        "Copy the file into the workspace, or make the folder above both the workspace.",
    ),
    "no-manifests": Rule(
        "The files hold no manifest at all. An empty desired state is refused, because it is far "
        "more often a wrong path than a wish.",
        "Correct `spec.manifests` of the workspace, or the paths of the command line.",
    ),
    "no-such-path": Rule(
        "A path of `spec.manifests` or of the command line does not exist.",
        "Paths of the workspace file are relative to its folder, those of the command line to the "
        "current folder.",
    ),
    "path-outside": Rule(
        "A path of `spec.manifests` is absolute or climbs out of the workspace with `..`.",
        "Put the manifests below the workspace file, or the workspace file further up.",
    ),
    "unreadable-file": Rule(
        "A file or folder exists but cannot be read.",
        "Check its permissions, and whether a link leads nowhere.",
    ),
}
"""Rules about files and folders."""

STRUCTURE: Mapping[str, Rule] = {
    "api-version": Rule(
        "A document does not begin with our `apiVersion`, or is no mapping at all.",
        "Write `apiVersion: reconciler/v1`; keep other YAML files out of the manifests' folders.",
    ),
    "duplicate-identity": Rule(
        "Two manifests declare the same object. Repositories of all classes share one set of "
        "names, compared without case.",
        "Keep one of the two.",
    ),
    "extra-field": Rule(
        "`spec.extra` passes a field through that is not modelled: nothing about it is checked.",
        "Check the name against the REST reference; use the modelled field once there is one.",
        "warning",
    ),
    "extra-known": Rule(
        "`spec.extra` holds a field that is modelled, or one that kind and name decide.",
        "Move it to `spec`, where it is checked and compared, or take it out.",
    ),
    "extra-secret": Rule(
        "`spec.extra` holds a reference to a secret, which would be sent as it is.",
        "Take it out: only modelled fields take secrets.",
    ),
    "ignore-path": Rule(
        "A path of `metadata.lifecycle.ignore` names no field of the kind, so it ignores nothing.",
        "Write the path from `spec` on, such as `spec.notes`; an element of a set is "
        '`spec.members[ann]`, a key with a dot in it `spec.properties["a.b"]`.',
    ),
    "lifecycle-conflict": Rule(
        "Words of `metadata.lifecycle` contradict each other, or the kind cannot heed one.",
        "Take one of them out; the message says which do not go together, and why.",
    ),
    "missing-field": Rule(
        "A required field is not there.",
        "Write it; the hint says what it means.",
    ),
    "previous-name": Rule(
        "A name in `metadata.previousNames` is the object's own, another declared object's, or "
        "claimed by two objects.",
        "Take it out; a former name means one object that is not declared under it any more.",
    ),
    "no-effect": Rule(
        "Something is written that nothing here acts on.",
        "Take it out; the message says why, and what happens instead.",
        "warning",
    ),
    "not-applicable": Rule(
        "A field does not exist for the object's package type.",
        "Take it out. If a newer server knows it there, pass it through with `spec.extra`.",
    ),
    "out-of-range": Rule(
        "A number is too small or too large, or a text or list is too short or too long.",
        "Stay within the bounds the message names.",
    ),
    "outside-fence": Rule(
        "A manifest declares a name or a project that `spec.fence` of the workspace rules out.",
        "Declare it in the workspace it belongs to, or widen the fence.",
    ),
    "reserved-platform": Rule(
        "A platform has the name of a service beside the platforms, such as `connect`.",
        "Give the platform another name.",
    ),
    "platform-twice": Rule(
        "A list of platforms names one of them twice.",
        "Remove one of them.",
    ),
    "unknown-field": Rule(
        "A manifest or workspace file has a field that does not exist, often a misspelt or "
        "snake_case name.",
        "Take the suggested name; `reconciler explain KIND` lists the fields.",
    ),
    "unknown-kind": Rule(
        "`kind` names no kind of this version.",
        "Take the suggested kind; `reconciler kinds` lists all.",
    ),
    "unknown-platform": Rule(
        "A platform is named that `spec.platforms` of the workspace does not have.",
        "Correct the name, or add the platform to the workspace file.",
    ),
    "unknown-value": Rule(
        "A value is none of those the REST reference lists. A newer server may know it, so this "
        "is an error with `--strict` only.",
        "Check the spelling; leave it if the server knows the value.",
        "warning",
    ),
    "wrong-type": Rule(
        "A value has another type than its field: a number, boolean or null where text is wanted, "
        "a text where a list is wanted, and so on.",
        "Write the type the message names; text that looks like a number goes in quotes.",
    ),
    "wrong-value": Rule(
        "A value is none of the few its field allows, or a name does not have the form it must.",
        "Take one of the values the message names.",
    ),
}
"""Rules about what a manifest may say."""

SETS: Mapping[str, Rule] = {
    "exclude-without-hit": Rule(
        "An entry of `spec.exclude` of a set means no item of the matrix, or it is empty.",
        "Write an item as it stands in `spec.matrix`; of a mapping some of its keys are enough.",
    ),
    "expansion-limit": Rule(
        "A set stands for more than 50,000 manifests, or placeholders write too much text.",
        "Split the longest list over several sets, or shorten the values.",
    ),
    "matrix-twice": Rule(
        "A list of a matrix holds the same item twice.",
        "Remove one of them.",
    ),
    "placeholder-form": Rule(
        "A text looks like a placeholder and is none, so it stays as it is.",
        "Write `${value.NAME}`, `${matrix.NAME}` or `${matrix.NAME.KEY}`, without blanks.",
        "warning",
    ),
    "placeholder-key": Rule(
        "A placeholder stands in a key. Placeholders are filled in where values stand.",
        "Write the key out, or make the whole mapping a value: `labels: ${value.labels}`.",
    ),
    "placeholder-type": Rule(
        "A placeholder is part of a longer text, and its value is a list, a mapping, null or a "
        "decimal number.",
        "Put a number in quotes where the value is written; lists and mappings stand alone.",
    ),
    "placeholder-undefined": Rule(
        "A placeholder names a value or an item of a matrix that does not exist.",
        "Take the suggested name, or declare it in the environment or in `spec.matrix`.",
    ),
    "set-empty": Rule(
        "A set stands for no manifest: a list is empty, or every combination is excluded.",
        "Fill the list, or take the set out.",
        "warning",
    ),
    "set-nested": Rule(
        "The template of a set is a set itself.",
        "Give the matrix another list.",
    ),
    "unused-matrix": Rule(
        "The template uses a list of the matrix nowhere, so its items make equal manifests.",
        "Use it, or take it out.",
        "warning",
    ),
}
"""Rules about sets of manifests and placeholders."""

ENVIRONMENTS: Mapping[str, Rule] = {
    "derived": Rule(
        "A command that edits manifests met one that comes from a set, has placeholders or is "
        "patched; it was left as it is.",
        "Edit the set, the value or the patch by hand.",
        "warning",
    ),
    "environment": Rule(
        "An environment's file is empty, holds more than one document, or another name than its "
        "own.",
        "Keep one document of kind Environment in `environments/NAME.yaml`.",
    ),
    "environment-needed": Rule(
        "A manifest uses `${value.NAME}` and the run is for no environment.",
        "Add `--environment NAME`; the hint lists those there are.",
    ),
    "patch-failed": Rule(
        "An operation of a JSON Patch does not fit a manifest its target selects.",
        "Correct the path, or narrow the target.",
    ),
    "patch-form": Rule(
        "A patch has no target, neither or both of `merge` and `jsonPatch`, or an operation lacks "
        "something.",
        "The message says what is missing.",
    ),
    "patch-without-hit": Rule(
        "The target of a patch selects no manifest, so the patch changes nothing.",
        "Correct kind, name or labels, or take the patch out.",
    ),
    "unused-value": Rule(
        "An environment declares a value that no manifest uses.",
        "Use it as `${value.NAME}`, or take it out.",
        "warning",
    ),
}
"""Rules about environments."""

TOMBSTONES: Mapping[str, Rule] = {
    "tombstone-address": Rule(
        "A Tombstone's address can mean no object of the workspace: it is no address, or its "
        "platform or kind is unknown.",
        "Copy the address from a plan.",
    ),
    "tombstone-declared": Rule(
        "The object of a Tombstone is declared, too. What is declared is not deleted.",
        "Take out the manifest if the object is to go, else the Tombstone.",
    ),
    "tombstone-expired": Rule(
        "The last day of a Tombstone has passed, by UTC.",
        "Take it out; if the object still has to go, give it a new day.",
    ),
    "tombstone-expires": Rule(
        "`spec.expires` of a Tombstone is no day of the calendar.",
        "Write year-month-day, such as `2030-12-31`.",
    ),
    "tombstone-needless": Rule(
        "A Tombstone is about an object that holds no content, and deleting one needs none.",
        "Take it out.",
        "warning",
    ),
    "tombstone-twice": Rule(
        "Two Tombstones are about the same object.",
        "Keep one of them.",
    ),
}
"""Rules of permissions to delete what holds content."""

DELETES: Mapping[str, Rule] = {
    "cannot-delete": Rule(
        "An object that is no longer declared must not be deleted as it is, such as a federated "
        "repository with members elsewhere. It is kept.",
        "Do first what the message asks for.",
    ),
    "no-delete": Rule(
        "There is no request that deletes objects of the kind. The object is kept.",
        "Delete it by hand, or take it out of ownership with `reconciler release`.",
    ),
    "not-empty": Rule(
        "A repository that is no longer declared holds artifacts, and deleting it would lose them "
        "for good. It is kept.",
        "Declare it again; or, if the content may be lost, write a `kind: Tombstone` for it.",
    ),
    "not-whole": Rule(
        "The token sees a reduced form of an object that is no longer declared, or not all objects "
        "that may name it. It is kept.",
        "Use a token that sees complete configurations.",
    ),
    "other-object": Rule(
        "What is live under the name of an object that is no longer declared is not what was "
        "applied: somebody made it anew, or converted it. It is kept.",
        "Look at it; `reconciler release` leaves it to whoever made it.",
    ),
    "protected": Rule(
        "An object that is no longer declared was protected when it was last applied. It is kept.",
        "Declare it again with `metadata.lifecycle.protect: false`, apply, then take the manifest "
        "away; or take it out of ownership with `reconciler release`.",
    ),
    "still-referenced": Rule(
        "An object that is no longer declared, or is to be made anew, is named by another one that "
        "stays and that nothing would write again. It is kept.",
        "Take the name out of the other object, let that go too, or declare it here.",
    ),
    "too-large": Rule(
        "A repository that is no longer declared holds more than its Tombstone allows to lose. It "
        "is kept.",
        "Look at what came in since; if that may be lost too, raise `spec.maxBytes`.",
    ),
    "unmeasurable": Rule(
        "What a repository holds that is no longer declared could not be measured, which counts as "
        "not empty. It is kept.",
        "Try again with a token that may list its content.",
    ),
    "tombstone-unused": Rule(
        "A plan has no use for a Tombstone: its object is gone, empty, not owned, or pruning is "
        "off.",
        "Take it out once the object is gone.",
        "info",
    ),
}
"""Rules of deletes in a plan."""

GUARDRAILS: Mapping[str, Rule] = {
    "guardrail-expression": Rule(
        "`spec.brokenIf` of a Guardrail is no JMESPath expression.",
        "The message says where it ends to be one. Texts stand in single quotes, numbers and "
        "`true` in backticks.",
    ),
    "guardrail-incomplete": Rule(
        "A Guardrail neither names a rule of the package with `use` nor has `brokenIf` and "
        "`message` of its own.",
        "Write what is missing.",
    ),
    "guardrail-kind": Rule(
        "A Guardrail is about a kind that this version does not know, so it never meets one.",
        "Correct the name; or leave it for the version that knows the kind.",
        "warning",
    ),
    "guardrail-test": Rule(
        "A test of a Guardrail shows it neither a change nor manifests, or both.",
        "Give one of `change` and `manifests`.",
    ),
    "guardrail-twice": Rule(
        "Two Guardrails have the same name.",
        "Rename one, or keep one of them.",
    ),
    "guardrail-unknown": Rule(
        "A Waiver or a GuardrailTest names a Guardrail that does not exist, or `use` a rule that "
        "does not come with this version.",
        "Correct the name; the message lists what there is.",
    ),
    "waiver-expired": Rule(
        "The last day of a Waiver has passed, by UTC.",
        "Take it out; if the exception is still needed, agree on a new day.",
    ),
    "waiver-expires": Rule(
        "`spec.expires` of a Waiver is no day of the calendar.",
        "Write it as year-month-day, such as `2030-12-31`.",
    ),
}
"""Rules about guardrails and the exceptions from them."""

WORKSPACE: Mapping[str, Rule] = {
    "default-platforms": Rule(
        "The workspace has several platforms and does not say which ones a manifest means that "
        "names none.",
        "Write `spec.defaultPlatforms` in the workspace file.",
    ),
    "inventory-place": Rule(
        "`spec.inventory` names two places, or only half of one.",
        "Write `{file: PATH}`, or `{platform: NAME, repository: KEY}`.",
    ),
    "workspace": Rule(
        "The workspace file is empty, or holds more than the one document.",
        "Keep one document of kind Workspace in it, and manifests in files of their own.",
    ),
}
"""Rules about the workspace file alone."""

REFERENCES: Mapping[str, Rule] = {
    "dangling-reference": Rule(
        "A manifest names an object that no manifest declares, or one of a kind or on a platform "
        "that does not fit.",
        "Correct the name, or declare the object; one that others look after is declared with "
        "`metadata.lifecycle.manage: observe`.",
    ),
    "reference-cycle": Rule(
        "Objects name each other in a circle, so that none of them can be created first.",
        "Take one of the names out.",
    ),
}
"""Rules about names of other objects."""

SECRETS: Mapping[str, Rule] = {
    "secret-file": Rule(
        "A secret reference names a file outside of the workspace.",
        "Name a file below the workspace, or allow its folder with `--secret-dir`.",
    ),
    "secret-literal": Rule(
        "A secret is written out in a manifest. Its value is never repeated in any output.",
        "Write a reference, `{env: NAME}` or `{file: PATH}`, and change the secret: it was seen.",
    ),
    "secret-reference": Rule(
        "A secret reference names no source, two sources, or something that is none.",
        "Write exactly one of `{env: NAME}` and `{file: PATH}`.",
    ),
    "secret-unresolved": Rule(
        "A secret reference has no value on this machine. A plan does not need it; an apply that "
        "must send it fails before its first write.",
        "Set the variable or provide the file where `apply` runs.",
        "warning",
    ),
    "secret-variable": Rule(
        "A secret reference names a variable that holds a token of a platform or of the CI "
        "runner, which a pull request could send away.",
        "Use a variable of its own for the secret.",
    ),
}
"""Rules about secrets."""

REPOSITORIES: Mapping[str, Rule] = {
    "class-package-type": Rule(
        "There are no repositories of this class for the package type, such as a virtual one for "
        "`cargo`.",
        "Use one of the kinds the hint names.",
    ),
    "content-synchronisation": Rule(
        "A part of `contentSynchronisation` is switched on in a remote that is not a smart one.",
        "Set `contentSynchronisation.enabled` to true, or take the part out.",
        "warning",
    ),
    "deployment-repo-class": Rule(
        "`defaultDeploymentRepo` names a remote or virtual repository, which stores no uploads.",
        "Name a local or federated repository.",
    ),
    "deployment-repo-not-member": Rule(
        "`defaultDeploymentRepo` names a repository that is not in `repositories`.",
        "Add it to `repositories`, or name one of them.",
    ),
    "environments-without-project": Rule(
        "A repository outside of every project has environments, which mean nothing there.",
        "Set `projectKey`, or remove `environments`.",
        "warning",
    ),
    "external-dependencies-patterns": Rule(
        "Patterns for external dependencies have no effect because these are not followed, or the "
        "list is empty, which the server takes for everything.",
        "Set `externalDependenciesEnabled` to true and name the patterns, or leave both out.",
        "warning",
    ),
    "key-ends-in-cache": Rule(
        "A local repository's key ends in `-cache`, as the caches of remotes do.",
        "Choose another ending.",
    ),
    "key-illegal-character": Rule(
        "A repository's key holds a character that paths and addresses cannot carry, or begins "
        "with one that may not come first.",
        "Use letters, digits, `-`, `_` and `.`, and begin with a letter or a digit.",
    ),
    "key-reserved": Rule(
        "A repository's key is a word the server keeps for itself, such as `list`.",
        "Choose another name.",
    ),
    "key-too-long": Rule(
        "A repository's key has more than 64 characters, a remote's more than 58.",
        "Shorten it.",
    ),
    "member-is-itself": Rule(
        "A virtual repository lists itself.",
        "Remove it from the list.",
    ),
    "member-package-type": Rule(
        "A virtual repository lists a repository whose packages it cannot serve.",
        "List repositories of its own package type only.",
    ),
    "member-twice": Rule(
        "A virtual repository lists the same repository twice, or a federated one a member.",
        "Remove one of them.",
    ),
    "federation-members": Rule(
        "The members of a federation cannot be meant like this: fewer than two, none of ours, more "
        "than ten platforms, or one that is both a platform and an address.",
        "Give each member one of `platform` and `url`.",
    ),
    "too-many-high": Rule(
        "More than ten federations of one platform have high priority; the server takes no more.",
        "Leave the least urgent ones at `standard`.",
    ),
    "member-url": Rule(
        "A member of a federated repository is not named by the address of a repository.",
        "Write `https://<platform>/artifactory/<key>`.",
    ),
    "proxy-conflict": Rule(
        "A remote names a proxy and says that none is to be used.",
        "Remove `proxy` or `disableProxy`.",
    ),
    "url-scheme": Rule(
        "An address is none the server can fetch from.",
        "Begin it with `https://` (or `http://`, for OCI types also `oci://`) and a host.",
    ),
}
"""Rules of the repository kinds."""

ACCESS: Mapping[str, Rule] = {
    "auto-join-administrators": Rule(
        "A group makes its members administrators and lets every new user join.",
        "Take `autoJoin` or `adminPrivileges` out.",
    ),
    "environment-undeclared": Rule(
        "A repository of a project names an environment that is neither `DEV` nor `PROD`, nor "
        "declared: as a GlobalEnvironment, or as a ProjectEnvironment of its own project. Only the "
        "server knows whether it is there.",
        "Correct the name (that of a project's environment has the project's key in front), or "
        "declare the environment, with `metadata.lifecycle.manage: observe` where others look "
        "after it.",
        "warning",
    ),
    "group-member-empty": Rule(
        "A member of a group is an empty text, which names nobody.",
        "Write the user's name, or take the line out.",
    ),
    "group-member-twice": Rule(
        "A member of a group is listed twice.",
        "Remove one of them.",
        "warning",
    ),
    "oidc-issuer-slash": Rule(
        "The issuer of a GitHub provider has a slash at its end. GitHub's tokens name it without "
        "one, and it is compared letter by letter when a job signs in.",
        "Write it without the slash.",
        "warning",
    ),
    "oidc-claims-empty": Rule(
        "An identity mapping names no claims, so it would hold for every token of the provider.",
        "Name `repository_id`, and `environment` or `event_name`.",
    ),
    "oidc-claims-wide": Rule(
        "An identity mapping names only claims that say nothing of the repository. GitHub signs "
        "for everybody: the jobs of other repositories have the same.",
        "Name `repository_id` too, or `repository`.",
        "warning",
    ),
    "oidc-two-users": Rule(
        "An identity mapping has `username` and `usernamePattern`, and the server takes one.",
        "Take one of the two out.",
    ),
    "oidc-no-rights": Rule(
        "The token of an identity mapping has neither a `username` nor a `scope`.",
        "Give it a `username`, or a `scope` such as `applied-permissions/user`.",
    ),
    "oidc-roles-project": Rule(
        "The scope of an identity mapping names roles, and no project they belong to.",
        'Write `applied-permissions/roles:PROJECT:"Role"`.',
    ),
    "oidc-same-priority": Rule(
        "Two identity mappings of a provider have the same priority, so that nothing says which of "
        "them counts for a job that both are for.",
        "Give each mapping of a provider a priority of its own.",
        "warning",
    ),
    "environment-prefix": Rule(
        "The name of a project's environment begins with the project's key, which is put in front "
        "of it anyway.",
        "Write the short name.",
        "warning",
    ),
    "name-illegal": Rule(
        "The platform allows no such name for an object of this kind.",
        "Take another name; the hint says which characters it may have.",
    ),
    "name-too-long": Rule(
        "The platform allows no name of this length for an object of this kind.",
        "Shorten it; what the platform puts in front of it counts too.",
    ),
    "policy-viewer-forced": Rule(
        "A group manages policies and may not see them; the server would let it.",
        "Take `policyViewer` out.",
    ),
}

POLICIES: Mapping[str, Rule] = {
    "aql": Rule(
        "An `aqlQuery` is no query that a policy can have: its syntax is wrong, it searches "
        "another domain than items, or it compares a field with what that cannot hold.",
        "The message points at the character; `items.find({...})` is the only form.",
    ),
    "aql-odd": Rule(
        "An `aqlQuery` says something that the reference does not promise for policies, or that "
        "its author cannot have meant, such as wildcards with `$eq`.",
        "The hint says what to write instead.",
        "warning",
    ),
    "archive-criteria": Rule(
        "A `searchCriteriaForm` selects by nothing but age.",
        "Give properties, repositories, paths or names too.",
    ),
    "archive-mode": Rule(
        "An archive policy has none, or more than one, of `aqlQuery`, `searchCriteriaForm` and "
        "`packageSearchCriteriaForm`, or `packageRetention` says otherwise.",
        "Keep one of them; `packageRetention: true` belongs to packages.",
    ),
    "cron-expression": Rule(
        "A schedule is no expression that Quartz, the platform's scheduler, understands.",
        "The message points at the character. Quartz begins with the seconds, and one of day of "
        "month and day of week is `?`.",
    ),
    "cron-never": Rule(
        "A schedule never comes, because no month has such a day.",
        "Correct the day or the month.",
        "warning",
    ),
    "cron-odd": Rule(
        "Quartz takes the schedule, but leaves out a part of it.",
        "Take away what the message names, or write what was meant.",
        "warning",
    ),
    "policy-condition": Rule(
        "Nothing says which versions may go, or the conditions exclude each other: a number of "
        "versions to keep stands alone, and ages are in days or in months.",
        "Give the ages (creation, last download, or both), `includedProperties`, or "
        "`keepLastNVersions`.",
    ),
    "policy-key": Rule(
        "The name cannot be the key of a policy.",
        "Use three or more letters, digits, `_` and `-`.",
    ),
    "policy-key-taken": Rule(
        "A repository has the same key as a policy; the platform has one set of keys for both.",
        "Choose another name for the policy.",
        "warning",
    ),
    "policy-nowhere": Rule(
        "A global policy names no project: it looks into no repository, and deletes nothing.",
        "Write `includeAllProjects: true`, or list `includedProjects`.",
        "warning",
    ),
    "policy-package-name": Rule(
        "`excludedPackages` holds a pattern; it takes names only, so the pattern protects nothing.",
        "List the names, or narrow `includedPackages`.",
    ),
    "policy-package-type": Rule(
        "`keepLastNVersions` stands beside a package type that has no versions to count, such as "
        "`generic`; the server answers 400.",
        "Let ages select these packages, in a policy of their own.",
    ),
    "policy-project": Rule(
        "A project's policy has another name than one that begins with the project's key and `-`, "
        "or looks into other projects.",
        "The hint says what to write.",
    ),
    "policy-property": Rule(
        "A condition on properties has not exactly one property with exactly one value.",
        "Use one policy for each property.",
    ),
    "singleton-name": Rule(
        "An object of which a platform has only one has another name than `default`.",
        "Write `name: default`.",
    ),
}
"""Rules about policies."""

PLAN: Mapping[str, Rule] = {
    "nothing-matches": Rule(
        "A name, or a pattern with `*` or `?`, matches no object that is declared or live: a "
        "policy would do nothing there, or leave nothing alone.",
        "Correct it, or take it out. A token that sees less may not see what it matches.",
        "warning",
    ),
    "shard-uneven": Rule(
        "With `--shard`, so many objects name each other that they fill more than two equal parts; "
        "they stay together on one shard.",
        "Use fewer shards; `reconciler graph` shows which objects hold the others together.",
        "info",
    ),
    "bulk-read": Rule(
        "The one read that answers all objects gave no usable answer, so each object is read by "
        "itself, which takes longer.",
        "See the answer in the message: a token may lack the rights for it, or a proxy answers in "
        "the server's place.",
        "warning",
    ),
    "cannot-clear": Rule(
        "A field is to be cleared, and the server keeps the old value when asked to. The change "
        "is blocked.",
        "Declare another value, or list the path in `metadata.lifecycle.ignore`.",
    ),
    "not-owned": Rule(
        "An object is to be deleted and created anew that this workspace does not own. The change "
        "is blocked.",
        "Adopt the object first.",
    ),
    "site-unreachable": Rule(
        "A change would write to a platform that does not answer, or needs it. The change is "
        "blocked; others go on.",
        "Plan again when the platform is back.",
    ),
    "site-taken": Rule(
        "A member of a federation would be a repository of another class or package type: what one "
        "platform has under that key cannot be federated with the others. The change is blocked "
        "on all of them.",
        "Give the member another key with `repository`, rename what is there, or take the platform "
        "out.",
    ),
    "contested": Rule(
        "A federation has members outside of this workspace, and a field is not what was last "
        "applied here: whoever keeps those members may have set it. Two that put it back in turn "
        "would never come to an end, so the change is blocked.",
        "Take over what is live with `drift --accept` or in the manifest; to insist, set "
        "`metadata.lifecycle.takeover: true`. `adopt` records a repository that you never applied "
        "as yours.",
    ),
    "would-strand": Rule(
        "A member is to be taken out of a federation while content is still on its way. The change "
        "is blocked.",
        "Wait until the member is healthy, or disable it first.",
    ),
    "secret-needed": Rule(
        "An update of the object sends it whole, and the platform never tells its secrets: one "
        "that the manifest does not refer to would be lost. The change is blocked.",
        "Write `{env: NAME}` or `{file: PATH}` for the secret; `null` where there is none.",
    ),
    "dependency": Rule(
        "An object this one names is blocked or could not be read, so it is blocked too.",
        "Deal with that object first.",
    ),
    "import-attribute": Rule(
        "`import` met an attribute that no field stands for, that holds a secret, or that the "
        "server never returns.",
        "The field stays as it is on the platform; declare it by hand if it matters.",
        "warning",
    ),
    "import-skipped": Rule(
        "`import` met a resource that no kind stands for, that another resource became already, or "
        "of which something needed is not known.",
        "Leave it where it is managed now, or write its manifest by hand.",
        "warning",
    ),
    "drift-not-accepted": Rule(
        "`drift --accept` leaves a drifted field or object as it is: it was deleted, its manifest "
        "was changed too, is made from something else or declares other platforms, or would be "
        "invalid.",
        "The message says why; decide by hand which value is right.",
        "warning",
    ),
    "field-released": Rule(
        "A field that was applied before is no longer declared; its value stays as it is.",
        "Nothing to do. Declare the field again to go on managing it.",
        "info",
    ),
    "field-unreadable": Rule(
        "The platform's answer lacks a declared field, because the token sees a reduced "
        "configuration. It is not taken for a difference.",
        "Use a token that sees complete configurations.",
        "warning",
    ),
    "immutable": Rule(
        "A field that is fixed at creation differs from the live one. The change is blocked.",
        "Restore the live value, or declare a new object under another name.",
    ),
    "inventory-ephemeral": Rule(
        "`apply` runs in CI with a file inventory that Git does not track: the record of what is "
        "owned is lost with the runner.",
        "Keep the file between runs, such as in the repository.",
        "warning",
    ),
    "inventory-unwritten": Rule(
        "An apply carried out its changes, and the inventory could not be written: the disk is "
        "full, or its place cannot be reached any more.",
        "Apply again once it can be written. What is live as declared is adopted.",
    ),
    "invalid-against-live": Rule(
        "A rule of the kind fails with what is live on the platform, such as a member of another "
        "package type. The change is blocked.",
        "Correct the manifest; the message says what does not fit.",
    ),
    "limit": Rule(
        "The run would change or delete more objects of a kind than the limits allow. Nothing is "
        "written.",
        "Review the plan, then raise the limit for this run with the flag the message names.",
    ),
    "guardrail": Rule(
        "The plan breaks a rule of the workspace whose severity is `deny`. Nothing is written.",
        "Change what the message names; or write a `kind: Waiver` with owner, reason and last day.",
    ),
    "guardrail-note": Rule(
        "The plan breaks a rule of the workspace whose severity is `info`.",
        "Nothing has to be done.",
        "info",
    ),
    "guardrail-waived": Rule(
        "A Waiver allows something that a rule of the workspace does not.",
        "Nothing has to be done until the day the hint names.",
        "info",
    ),
    "guardrail-warning": Rule(
        "The plan breaks a rule of the workspace whose severity is `warn`.",
        "Change what the message names, or write a `kind: Waiver`.",
        "warning",
    ),
    "undo-lost": Rule(
        "An undo cannot bring something back as it was: content, a secret, what was made anew.",
        "Bring back by hand what the message names.",
        "warning",
    ),
    "lockout-inventory": Rule(
        "The run would delete, convert, move or shut the repository its own inventory is kept in. "
        "Nothing is written.",
        "Keep the repository as it is, or move the inventory to another place first.",
    ),
    "lockout-last-admin": Rule(
        "The run would leave a platform without any administrator. Nothing is written.",
        "Make somebody else an administrator in a run of its own first.",
    ),
    "lockout-rights": Rule(
        "The run would take away its own rights: it could not go on, nor be undone. Nothing is "
        "written.",
        "Give the identity other rights in a run of its own, or apply with another identity.",
    ),
    "lockout-sign-in": Rule(
        "The run signs in by an OIDC provider or mapping that it would take away. Nothing is "
        "written.",
        "Let the run sign in another way first.",
    ),
    "lockout-unchecked": Rule(
        "The plan takes rights away, and it was made from a snapshot, which does not tell whose "
        "they are.",
        "Nothing to do: the apply asks the platform, and is blocked if they are its own.",
        "warning",
    ),
    "lockout-unknown": Rule(
        "The run would take rights away, and the platform does not tell whether they are its own. "
        "Nothing is written.",
        "Apply with an administrator's access token itself; a reference token tells less.",
    ),
    "max-risk": Rule(
        "A change is riskier than `--max-risk` allows. Nothing is written.",
        "Review the change; then name a higher risk, or take the change out of this run.",
    ),
    "policy-limit": Rule(
        "A created or changed policy would delete or archive more than `spec.limits.policy` of the "
        "workspace allows, or what it would hit could not be measured. Nothing is written.",
        "Look at the figures in the plan; narrow the policy, or allow exactly this with the flag "
        "the message names.",
    ),
    "missing-reference": Rule(
        "An object names another one that is neither declared nor on the platform. The change is "
        "blocked.",
        "Declare the object, or correct the name.",
    ),
    "cannot-convert": Rule(
        "A live object could be converted into what the manifest declares, but not in the state it "
        "is in. The change is blocked.",
        "The message says what is in the way, such as members of a federation elsewhere.",
    ),
    "unlistable": Rule(
        "Live objects of some kinds could not be listed, so a list of them is not complete.",
        "Use a token that may list them; objects the manifests name are read by themselves.",
        "warning",
    ),
    "name-taken": Rule(
        "The platform has an object whose name differs only in case. The change is blocked.",
        "Write the name as the platform has it, or choose another one.",
    ),
    "no-longer-declared": Rule(
        "An owned object is no longer declared. It is kept: pruning is off, or its manifest said "
        "`manage: observe` or `create-only`.",
        "Declare it again, delete it with `--prune`, or take it out of the inventory with "
        "`reconciler release`.",
        "info",
    ),
    "not-seen": Rule(
        "`export` finds no trace of objects that are declared or owned. An error when it finds "
        "nothing else either: then the token most likely sees nothing.",
        "Use a token that sees all of the platform; if the objects were deleted, apply or release "
        "them.",
    ),
    "observed-absent": Rule(
        "An object that is only observed does not exist on the platform.",
        "Create it there, or set `metadata.lifecycle.manage` to `full`.",
        "warning",
    ),
    "other-owner": Rule(
        "Another workspace owns the object. The change is blocked.",
        "Remove one of the two manifests, or set `metadata.lifecycle.takeover: true`.",
    ),
    "server-rewrites": Rule(
        "The server keeps its own value of a field. The difference is told and not planned again.",
        "Declare the server's value, or list the path in `metadata.lifecycle.ignore`.",
        "info",
    ),
    "snapshot": Rule(
        "The plan was made from a snapshot and not from the platforms: what changed since then is "
        "not in it. A warning once the snapshot is older than a day.",
        "Take a new one; an apply looks at the platforms in any case.",
        "info",
    ),
    "snapshot-incomplete": Rule(
        "A snapshot was taken with a token, or of a server, that does not list every object whole. "
        "Planned from it, an object it lacks is unreadable, because it may exist.",
        "Take it with a token that sees complete configurations.",
        "warning",
    ),
    "platform-unreachable": Rule(
        "One of several platforms does not answer, or refuses the token. Nothing is planned for it "
        "and nothing that needs it; the exit code is 6.",
        "Look at the message; plan again when the platform is back.",
    ),
    "unreadable": Rule(
        "An object could not be read, so nothing is planned for it. An error is never taken for "
        "absence.",
        "See the answer in the message: usually rights of the token, or a failing server.",
    ),
    "unsupported": Rule(
        "The server's version lacks the kind or a declared field. The change is blocked.",
        "Take the field out, or upgrade the server.",
    ),
}
"""Rules about a plan; all of the errors but `unreadable`, `platform-unreachable` and `limit` block
one object only."""

FAILURES: Mapping[str, Rule] = {
    "not-offered": Rule(
        "The platform does not have what was asked for: its version, its licence or its "
        "configuration lacks it.",
        "The message names what the platform may have instead.",
    ),
    "interrupted": Rule(
        "The run was stopped by hand; requests that were on their way were finished.",
        "Run again: what is done already is found done.",
    ),
    "blocked": Rule(
        "A guard stopped the whole run before anything was written (exit code 3).",
        "The message names the guard and the flag or manifest that would satisfy it.",
    ),
    "invalid": Rule(
        "The manifests are not valid, so nothing was sent (exit code 1).",
        "Repair what the other diagnostics name.",
    ),
    "lease-held": Rule(
        "Another run is applying with the same inventory, and one at a time may (exit code 3).",
        "Wait for it with `--lock-timeout`. Its lease ends by itself when that run is gone; "
        "`reconciler unlock` ends it at once.",
    ),
    "lease-lost": Rule(
        "The lease of this run was ended, or could not be renewed, so the run stops writing: "
        "another may have begun (exit code 3, and 5 once something was written).",
        "See whether another run is applying, then run again: what is done is found done.",
    ),
    "output": Rule(
        "The result of a command could not be written, such as to a full disk (exit code 1).",
        "Make room, or write elsewhere. What an apply did before stays done.",
    ),
    "outcome-unknown": Rule(
        "A write was sent and no answer tells whether it landed (exit code 5).",
        "Run again: the object is read before anything is repeated.",
    ),
    "stale-plan": Rule(
        "The plan is not the one that was approved, or what it was made from has changed (exit "
        "code 4).",
        "Plan again and have the new plan approved.",
    ),
    "unauthorised": Rule(
        "The platform refused the token (exit code 6).",
        "Check that the token is set, not expired, and of this platform.",
    ),
    "unexpected": Rule(
        "Something happened that should not.",
        "Run again with `--verbose` and report it with the traceback.",
    ),
    "unexpected-answer": Rule(
        "The platform's answer about one object could not be used.",
        "The message shows the request and the beginning of the answer; often a proxy answered.",
    ),
    "unreachable": Rule(
        "The platform did not answer, or something else than a JFrog Platform did (exit code 6).",
        "Check the URL, the network, and the proxy settings. An outage is never read as drift.",
    ),
    "usage": Rule(
        "The command line, the environment or the choice of workspace cannot mean anything.",
        "The hint says what to write; `--help` lists the flags.",
    ),
}
"""Rules of errors that end a run."""

KEYLESS: Mapping[str, Rule] = {
    "oidc-claims": Rule(
        "No identity mapping of the integration is about a job with these claims.",
        "Write a mapping on the claims the message shows, best on `repository_id`, `environment` "
        "and `event_name`; `sub` is written differently for new repositories.",
    ),
    "oidc-clock": Rule(
        "The platform holds the ID token for expired or not yet valid: the clocks differ.",
        "Set the platform's clock; an ID token is valid for a few minutes.",
    ),
    "oidc-issuer": Rule(
        "The platform's OIDC integration is of another issuer than the one of the ID token.",
        "Set `issuer_url` of the integration to the issuer, letter by letter: without a slash at "
        "its end.",
    ),
    "oidc-permission": Rule(
        "A platform is pinned with `oidc=`, and the job may not ask for an ID token.",
        "Grant the job `id-token: write`; other CI systems put the token into "
        "`RECONCILER_ID_TOKEN`. A pull request from a fork gets none.",
    ),
    "oidc-provider": Rule(
        "The platform has no OIDC integration of the name the workflow says.",
        "Make the integration on the platform, or name another one in the workflow.",
    ),
    "oidc-refused": Rule(
        "The platform does not exchange the ID token, for a reason of its own.",
        "Read what it answered; keyless sign-in needs Artifactory 7.77.3 or newer.",
    ),
    "oidc-request": Rule(
        "GitHub gave the job no ID token.",
        "Check that the job has `id-token: write`, and run it again.",
    ),
}

GITHUB: Mapping[str, Rule] = {
    "approval-outdated": Rule(
        "A reviewer approved the pull request when another plan was to be seen, or none.",
        "Review again; an approval holds as long as the digest stays the same.",
        "warning",
    ),
    "github-api": Rule(
        "A comment, a label, a check run or an issue could not be written. The run is as good as "
        "without the failure.",
        "Grant the job the permission the message is about; a fork's job may only read.",
        "warning",
    ),
    "snapshot-missing": Rule(
        "The action was told to plan from a snapshot, and the file is not there.",
        "Have the base branch publish a snapshot, and the job fetch it before.",
        "warning",
    ),
}

CONNECT: Mapping[str, Rule] = {
    "deployment-standing": Rule(
        "How a deployment to devices stands where nothing is to be done now: it is converged, "
        "runs, soaks, waits for an approval, or is paused.",
        "Nothing has to be done; `reconciler status ADDRESS` shows more.",
        "info",
    ),
    "deployment-ambiguous": Rule(
        "The reference does not say what a filter of a deployment means, and the readings select "
        "different devices.",
        "Select in another way, such as by a tag; targeting stays pinned.",
        "warning",
    ),
    "deployment-unproven": Rule(
        "Devices have the wanted version, and nothing shows that this deployment brought it.",
        "Nothing has to be done; `spec.redeploy` can force it.",
        "info",
    ),
    "deployment-debt": Rule(
        "Devices that should have the version do not get it now: they are offline, blocked, or "
        "failed too often.",
        "Bring them back, clear the update trigger, or look into the failures.",
        "warning",
    ),
    "deployment-note": Rule(
        "Something a reviewer of a deployment should know.",
        "Read the message.",
        "info",
    ),
    "deployment-unknown": Rule(
        "A fact of a device that a deployment needs could not be read; the device is left alone.",
        "Read the message; a token with more rights, or a status word of a newer server, is often "
        "the reason.",
        "warning",
    ),
    "deployment-degraded": Rule(
        "A device was sent what it should not have been, or the marker of a deployment was lost.",
        "Look at the deployments that are named; nothing more is sent before that is settled.",
        "warning",
    ),
    "cannot-create": Rule(
        "An object does not exist, and no request creates one. The change is blocked.",
        "Let the device register itself through its agent, or correct the name.",
    ),
    "unresolved": Rule(
        "An update flow, or a parameter of it, is not what the manifest says.",
        "Declare the UpdateFlow, correct its name, or give just the parameters it has.",
    ),
    "selects-nothing": Rule(
        "A deployment selects no device, or names a group that no device is in.",
        "Look at groups, tags and filters: case counts.",
    ),
    "bounds": Rule(
        "A deployment selects fewer or more devices than `spec.select.expect` allows.",
        "Look at the devices in the plan; if they are meant, change the bounds.",
    ),
    "conflict": Rule(
        "Another deployment wants another version of the same app on the same devices.",
        "Agree on one version, keep the devices apart, or give one a higher `spec.priority`.",
    ),
    "same-version": Rule(
        "Devices have the version, with other parameters, another flow or another nonce.",
        "Raise the version, or set `spec.redeploy.sameVersionNewPayload`.",
    ),
    "halted": Rule(
        "A gate of a deployment failed, or somebody aborted it. Nothing more is sent.",
        "Look into the failures; another payload begins anew.",
    ),
    "degraded": Rule(
        "What devices got cannot be told for certain, so nothing more is sent.",
        "Read the notes of the plan; `reconciler run ADDRESS abort` stops what runs.",
    ),
    "unsure": Rule(
        "With `--strict`: a deployment selects in a way that can be read differently, or a fact "
        "of a device could not be read. Without it such devices are left alone.",
        "Select in another way, or let the token read what it could not.",
    ),
    "over-budget": Rule(
        "Looking at a deployment would take more requests than the run allows.",
        "Select fewer devices, or allow more with `--budget` or `spec.connect.requests`.",
    ),
    "filter-illegal": Rule(
        "A filter is none that API v2 of JFrog Connect takes.",
        "The message says which types, operands and values there are.",
    ),
    "filter-volatile": Rule(
        "A filter on what changes every minute cannot say what is desired.",
        "Use `offline: skip`, or `mode: once`.",
    ),
    "filter-contradiction": Rule(
        "Filters all have to hold, and these can never hold for the same device.",
        "Take one of them out; several devices need a tag.",
    ),
    "deployment-illegal": Rule(
        "Fields of a deployment do not go together.",
        "The message says which ones, and why.",
    ),
    "deployment-useless": Rule(
        "A field of a deployment can have no effect as it is written.",
        "The message says why.",
        "warning",
    ),
}
"""Rules of devices, update flows and deployments."""

GROUPS: Mapping[str, Mapping[str, Rule]] = {
    "Text of a file": TEXT,
    "Files and folders": FILES,
    "Structure of manifests": STRUCTURE,
    "Sets and placeholders": SETS,
    "Environments": ENVIRONMENTS,
    "Tombstones": TOMBSTONES,
    "Guardrails": GUARDRAILS,
    "Workspace file": WORKSPACE,
    "References": REFERENCES,
    "Secrets": SECRETS,
    "Repositories": REPOSITORIES,
    "Projects, environments and groups": ACCESS,
    "Policies": POLICIES,
    "Devices and deployments": CONNECT,
    "Plan": PLAN,
    "Deletes": DELETES,
    "Keyless sign-in": KEYLESS,
    "GitHub Action": GITHUB,
    "Failures": FAILURES,
}
"""The rules by topic, in the order of a run."""

RULES: Mapping[str, Rule] = {
    rule_id: rule for group in GROUPS.values() for rule_id, rule in sorted(group.items())
}
"""Every rule by its id."""
