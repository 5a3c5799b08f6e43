package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Folder of the pod's service account.
const account = "/var/run/secrets/kubernetes.io/serviceaccount"

func (s *situation) usesToken() bool {
	if s.program.Token != nil {
		return *s.program.Token
	}
	for _, permission := range s.program.Permissions {
		if permission.Spare == "" {
			return true
		}
	}
	return false
}

// rights asks the cluster's API, with the pod's own account, whether it grants what the program does.
func (s *situation) rights() []string {
	if !s.usesToken() {
		return nil
	}
	api, err := connectAPI()
	if err != nil {
		return []string{err.Error()}
	}
	var problems []string
	for _, permission := range s.program.Permissions {
		// Which objects the program's settings name is not in the contract.
		if permission.Spare != "" || permission.Name == "*" || !s.holds(permission.When) {
			continue
		}
		namespace, known := s.namespaceOf(permission.In)
		if !known {
			continue
		}
		for _, resource := range permission.Resources {
			for _, verb := range permission.Verbs {
				allowed, err := api.allows(permission.Group, resource, verb, namespace, permission.Name)
				if err != nil {
					return append(problems, "cannot ask the cluster's API: "+err.Error())
				}
				if !allowed {
					problems = append(problems, fmt.Sprintf("must not %s %s in namespace %q (%s)", verb, resource, namespace, permission.At))
				}
			}
		}
	}
	return problems
}

// namespaceOf is where a permission is needed; "" in all namespaces.
func (s *situation) namespaceOf(in string) (string, bool) {
	switch {
	case in == "" || in == "own":
		text, err := os.ReadFile(filepath.Join(account, "namespace"))
		return string(text), err == nil
	case in == "cluster":
		return "", true
	case strings.HasPrefix(in, "/"):
		file, key, _ := strings.Cut(in, " ")
		return keyOfFile(file, key)
	}
	return s.filled(in)
}

type clusterAPI struct {
	address, token string
	client         *http.Client
}

func connectAPI() (*clusterAPI, error) {
	token, err := os.ReadFile(filepath.Join(account, "token"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	address := net.JoinHostPort(os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT"))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return &clusterAPI{"https://" + address, string(token), &http.Client{Transport: transport, Timeout: 5 * time.Second}}, nil
}

func (a *clusterAPI) allows(group, resource, verb, namespace, object string) (bool, error) {
	name, part, _ := strings.Cut(resource, "/")
	body, _ := json.Marshal(map[string]any{
		"apiVersion": "authorization.k8s.io/v1",
		"kind":       "SelfSubjectAccessReview",
		"spec": map[string]any{"resourceAttributes": map[string]string{
			"group": group, "resource": name, "subresource": part, "verb": verb, "namespace": namespace, "name": object,
		}},
	})
	url := a.address + "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Authorization", "Bearer "+a.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		return false, fmt.Errorf("it answers %s", response.Status)
	}
	var answer struct {
		Status struct {
			Allowed bool `json:"allowed"`
		} `json:"status"`
	}
	err = json.NewDecoder(response.Body).Decode(&answer)
	return answer.Status.Allowed, err
}
