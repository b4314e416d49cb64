//! Every entry of docs/differences.md is proved: by a test here, or by one that stands where its subject does.
//!
//! [`PROOFS`] maps words that occur in exactly one entry to the test that proves it. An entry without a test fails, and so
//! does a test without an entry.

mod aws;
mod azure;
mod google;
mod kubernetes;
mod reads_less;
mod server;
mod silence;
mod vault;

use std::fs;
use std::path::PathBuf;

/// Words of one entry, and the test that proves it: its file below `tests/it/` and its name.
const PROOFS: &[(&str, &str, &str)] = &[
    (
        "An empty id is exit 2",
        "differences/silence.rs",
        "an_empty_id_is_no_id",
    ),
    (
        "Kwargs that are not a JSON object",
        "differences/silence.rs",
        "kwargs_that_are_no_object_stop_the_run",
    ),
    (
        "The one repair",
        "bad_input.rs",
        "a_bare_variable_is_repaired_unless_strict",
    ),
    (
        "`_CMD` that fails",
        "bad_input.rs",
        "a_command_that_fails_is_told_without_its_output",
    ),
    (
        "KWARGS_SECRET",
        "differences/silence.rs",
        "kwargs_are_not_asked_of_the_backend_that_they_open",
    ),
    (
        "refer to each other in a circle",
        "bad_input.rs",
        "variables_in_a_circle_are_an_error",
    ),
    (
        "A layer that failed before another one answered",
        "commands/search_path.rs",
        "a_failing_layer_is_told_when_a_later_one_answers",
    ),
    (
        "An airflow.cfg that cannot be read",
        "differences/silence.rs",
        "an_airflow_cfg_that_cannot_be_read_stops_the_run",
    ),
    (
        "A kwarg of the wrong type",
        "differences/silence.rs",
        "a_kwarg_of_the_wrong_type_is_a_wrong_configuration",
    ),
    (
        "A login path that is not mounted",
        "differences/silence.rs",
        "a_login_path_that_is_not_mounted_is_no_absent_secret",
    ),
    (
        "A backend class of one's own",
        "differences/silence.rs",
        "a_class_that_is_not_known_stops_the_run",
    ),
    (
        "A `[core] multi_team` that is neither true nor false",
        "differences/silence.rs",
        "a_multi_team_that_is_neither_true_nor_false_stops_the_run",
    ),
    (
        "`get-var --default` prints the default",
        "differences/silence.rs",
        "a_default_does_not_stand_in_for_a_failure",
    ),
    (
        "Two connections that a task uses are exit 8",
        "differences/silence.rs",
        "a_task_fails_on_a_connection_that_it_uses",
    ),
    (
        "class paths work, with a warning",
        "differences/server.rs",
        "class_paths_of_airflow_2_work_with_a_warning",
    ),
    (
        "azure_key_vault` works",
        "airflow_version.rs",
        "the_azure_module_that_the_provider_dropped_is_told_in_every_release",
    ),
    (
        "`\"auth_type\": \"azure\"` and `\"radius\"`",
        "vault/logins.rs",
        "azure_and_radius_never_write_their_configuration",
    ),
    (
        "A redirect to another host is refused",
        "differences/server.rs",
        "a_redirect_to_another_host_is_refused",
    ),
    (
        "Vault is asked what the token is",
        "differences/server.rs",
        "after_a_failure_vault_is_asked_for_the_cause",
    ),
    (
        "The token of a Vault login is given up",
        "vault/tokens.rs",
        "a_token_of_its_own_is_given_up",
    ),
    (
        "An address is refused",
        "differences/vault.rs",
        "an_address_that_is_hard_to_tell_is_refused",
    ),
    (
        "A 404 that Vault does not write",
        "vault/foreign.rs",
        "a_404_that_vault_does_not_write",
    ),
    (
        "A 403 that Vault does not write",
        "vault/foreign.rs",
        "pages_of_every_status",
    ),
    (
        "In a run that reads many secrets Vault's first 403",
        "vault/tokens.rs",
        "many_ids_of_which_some_are_denied",
    ),
    (
        "`userpass` and `ldap` without",
        "vault/kwargs.rs",
        "a_password_that_is_not_given",
    ),
    (
        "After \"not found\" Google is asked `secrets.get`",
        "google/near_misses.rs",
        "each_name_is_asked_for_once",
    ),
    (
        "Settings that boto3's client refuses, and that change no value",
        "aws/client_settings.rs",
        "what_boto3_refuses_to_no_avail_is_passed_over",
    ),
    (
        "a pseudo-region such as `fips-us-east-1` is taken as it stands",
        "aws/client_settings.rs",
        "a_pseudo_region_is_taken_as_it_stands",
    ),
    (
        "A control character in a key or token",
        "aws/unusable_keys.rs",
        "a_control_character_is_told_with_its_source_and_nothing_is_sent",
    ),
    (
        "A token or namespace with a control character",
        "differences/vault.rs",
        "a_control_character_is_refused",
    ),
    (
        "over 2147483 seconds",
        "vault/kwargs.rs",
        "a_timeout_that_python_cannot_wait_for",
    ),
    (
        "A userpass name",
        "differences/vault.rs",
        "a_users_name_that_cannot_be_sent_is_refused",
    ),
    (
        "An answer that is not UTF-8 or Latin-1",
        "vault/answers.rs",
        "the_charset_of_the_content_type_counts",
    ),
    (
        "A 403 is exit 5",
        "vault/answers.rs",
        "an_answer_about_the_token_that_says_nothing",
    ),
    (
        "`\"ignore_exceptions\": true`",
        "vault/kwargs.rs",
        "ignore_exceptions",
    ),
    (
        "A secret without the key `value`",
        "differences/vault.rs",
        "a_secret_without_its_key_is_no_absent_one",
    ),
    (
        "InternalServiceError and DecryptionFailure",
        "differences/aws.rs",
        "a_fault_of_secrets_manager_is_no_absent_secret",
    ),
    (
        "Half a key pair",
        "aws/credentials.rs",
        "half_a_key_pair_is_an_error_and_not_the_word_none",
    ),
    (
        "Unknown kwargs are ignored",
        "aws/refusals.rs",
        "unknown_kwargs_are_ignored_as_in_airflow_but_not_in_silence",
    ),
    (
        "`profile` is ignored",
        "aws/guide.rs",
        "the_note_on_profile_changes_nothing_and_says_so",
    ),
    (
        "Refused by name",
        "differences/aws.rs",
        "logins_of_their_own_are_refused_by_name",
    ),
    (
        "`config_kwargs` has no effect on STS",
        "differences/aws.rs",
        "config_kwargs_leave_sts_alone",
    ),
    (
        "A `credential_process` sees the env files too",
        "aws/profile_files.rs",
        "a_process_of_a_profile_or_of_its_source_sees_the_env_files",
    ),
    (
        "In lookup patterns",
        "differences/aws.rs",
        "what_may_never_end_is_refused_in_lookup_patterns",
    ),
    (
        "Of `assume_role_kwargs`",
        "differences/aws.rs",
        "parameters_that_would_be_dropped_are_refused",
    ),
    (
        "After a failed lookup AWS may be asked",
        "differences/aws.rs",
        "after_a_failure_aws_is_asked_for_the_cause",
    ),
    (
        "REST instead of gRPC",
        "differences/google.rs",
        "secret_manager_is_asked_over_rest",
    ),
    (
        "A refused permission is exit 4",
        "differences/google.rs",
        "a_refused_permission_is_no_absent_secret",
    ),
    (
        "A name that no secret can have",
        "differences/google.rs",
        "a_name_that_no_secret_can_have_is_not_asked_for",
    ),
    (
        "gcloud's variables",
        "differences/google.rs",
        "gclouds_variables_are_followed",
    ),
    (
        "No client certificate is shown to Google",
        "differences/google.rs",
        "no_client_certificate_is_shown_to_google",
    ),
    (
        "and gdch",
        "differences/google.rs",
        "credentials_that_are_not_served_are_refused",
    ),
    (
        "Instance discovery",
        "differences/azure.rs",
        "instance_discovery_is_not_asked",
    ),
    (
        "/deletedsecrets/NAME",
        "azure/failures.rs",
        "a_deleted_secret_is_a_near_miss_that_is_asked_for_last",
    ),
    (
        "Certificates must be PEM",
        "azure/credentials.rs",
        "a_certificate_that_cannot_be_used_is_told",
    ),
    (
        "Azure Arc, Service Fabric",
        "differences/azure.rs",
        "what_is_not_served_is_named",
    ),
    (
        "Of SecretClient's options",
        "differences/azure.rs",
        "options_that_are_not_heeded_are_told",
    ),
    (
        "Outside a pod",
        "differences/kubernetes.rs",
        "outside_a_pod_kubeconfig_is_read",
    ),
    (
        "An answer that is not the API server's",
        "kubernetes/foreign.rs",
        "a_page_is_no_answer_whatever_its_status",
    ),
    (
        "Many secrets are asked for by their labels",
        "kubernetes/batches.rs",
        "a_hundred_ids_are_answered_by_few_lists_as_by_one_request_each",
    ),
    (
        "In a pod `KUBECONFIG` is ignored",
        "kubernetes/kubeconfig.rs",
        "in_a_pod_the_kubeconfig_is_not_used",
    ),
    (
        "impersonation and `tls-server-name`",
        "kubernetes/kubeconfig.rs",
        "what_would_be_passed_over_in_silence_is_refused",
    ),
    (
        "Kubernetes is asked for the names and labels",
        "differences/kubernetes.rs",
        "after_a_failure_kubernetes_is_asked_for_the_cause",
    ),
    (
        "A labelled secret without its data key",
        "differences/kubernetes.rs",
        "a_labelled_secret_without_its_data_key_is_no_absent_one",
    ),
    (
        "Yandex Lockbox",
        "lockbox.rs",
        "lockbox_is_known_and_not_served",
    ),
    (
        "the metastore",
        "differences/reads_less.rs",
        "what_needs_a_running_airflow_is_named_as_not_asked",
    ),
    (
        "is final, whatever a later layer has",
        "differences/reads_less.rs",
        "no_later_layer_stands_in_for_what_is_refused",
    ),
    (
        "Of what Airflow checks when it starts",
        "differences/reads_less.rs",
        "what_no_lookup_needs_is_not_checked",
    ),
    (
        "Cookies are not kept",
        "differences/reads_less.rs",
        "cookies_are_not_kept",
    ),
    (
        "The system's CA certificates",
        "differences/reads_less.rs",
        "the_systems_certificates_are_trusted",
    ),
    (
        "`~/.netrc`",
        "differences/reads_less.rs",
        "the_netrc_is_not_read",
    ),
    (
        "A SOCKS proxy",
        "differences/reads_less.rs",
        "a_socks_proxy_is_refused",
    ),
    (
        "Limits, so that no answer",
        "differences/reads_less.rs",
        "what_is_too_large_or_too_deep_is_refused",
    ),
    (
        "A variable of the environment that is not UTF-8",
        "bad_input.rs",
        "text_that_is_not_utf_8_is_told_by_its_place",
    ),
    (
        "AIRFLOW__CORE__EXECUTOR=SequentialExecutor",
        "differences/reads_less.rs",
        "an_executor_in_kwargs_is_the_one_that_is_set",
    ),
    (
        "Upper and lower case",
        "differences/reads_less.rs",
        "letters_are_those_of_todays_unicode",
    ),
    (
        "Text around an IPv6 address",
        "differences/reads_less.rs",
        "text_around_brackets_is_passed_over",
    ),
    (
        "More than 100,000 values",
        "differences/reads_less.rs",
        "more_values_than_memory_is_kept_for_are_refused",
    ),
    (
        "Unpaired surrogates",
        "differences/reads_less.rs",
        "an_unpaired_surrogate_is_refused",
    ),
    (
        "whose port is a list or object",
        "differences/reads_less.rs",
        "a_port_that_is_a_list_or_an_object_is_refused",
    ),
    (
        "Of YAML, these are refused",
        "differences/reads_less.rs",
        "yaml_without_a_form_in_json_is_refused",
    ),
    (
        "YAML is read as PyYAML 6.0.3 reads it",
        "differences/reads_less.rs",
        "merges_are_those_of_one_release_and_a_doubt_is_told",
    ),
    (
        "A date that is a key",
        "differences/reads_less.rs",
        "a_date_that_is_a_key_is_text",
    ),
    (
        "NaN and the infinities",
        "differences/reads_less.rs",
        "numbers_that_json_does_not_have",
    ),
];

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The entries, each on one line.
fn entries() -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    let mut is_list = false;
    for line in read("docs/differences.md").lines() {
        match (line.strip_prefix("- "), line.strip_prefix("  ")) {
            (Some(entry), _) => {
                is_list = true;
                entries.push(entry.to_owned());
            }
            (None, Some(more)) => {
                let entry = entries.last_mut().expect("an entry to go on with");
                *entry = format!("{entry} {more}");
            }
            (None, None) if line.starts_with('#') => is_list = false,
            (None, None) => assert!(
                line.is_empty() || !is_list,
                "neither a heading nor an entry: `{line}`"
            ),
        }
    }
    entries
}

/// The names of the tests in a file, those that are ignored left out.
fn tests_in(file: &str) -> Vec<String> {
    let source = read(&format!("tests/it/{file}"));
    let lines: Vec<&str> = source.lines().collect();
    let tests = lines.windows(2).filter(|pair| pair[0] == "#[test]");
    tests
        .filter_map(|pair| pair[1].strip_prefix("fn ")?.strip_suffix("() {"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_entry_has_one_test_and_every_test_one_entry() {
    let entries = entries();
    assert!(entries.len() > 30, "{entries:?}");
    for entry in &entries {
        let proofs = PROOFS.iter().filter(|(words, ..)| entry.contains(words));
        assert_eq!(proofs.count(), 1, "tests of the entry `{entry}`");
    }
    for (words, ..) in PROOFS {
        let proved = entries.iter().filter(|entry| entry.contains(words));
        assert_eq!(proved.count(), 1, "entries with the words `{words}`");
    }
}

#[test]
fn every_test_that_is_named_is_there() {
    for (words, file, test) in PROOFS {
        let is_there = tests_in(file).iter().any(|name| name == test);
        assert!(
            is_there,
            "tests/it/{file} has no test `{test}` for `{words}`"
        );
    }
}

#[test]
fn no_test_here_is_without_an_entry() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/differences");
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if name == "mod.rs" {
            continue;
        }
        let file = format!("differences/{name}");
        for test in tests_in(&file) {
            let is_named = PROOFS
                .iter()
                .any(|proof| (proof.1, proof.2) == (file.as_str(), test.as_str()));
            assert!(is_named, "tests/it/{file}: `{test}` proves no entry");
        }
    }
}
